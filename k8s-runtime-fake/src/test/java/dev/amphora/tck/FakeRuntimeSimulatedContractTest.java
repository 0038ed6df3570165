package dev.amphora.tck;

import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.SimulatedKernel;

class FakeRuntimeSimulatedContractTest extends FakeRuntimeContract {
    @Override
    protected Kernel newKernel() {
        return new SimulatedKernel(7);
    }

    @Override
    protected boolean hasSockets() {
        return false;
    }
}
