package dev.amphora.tck;

import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.ThreadedKernel;

class FakeRuntimeThreadedContractTest extends FakeRuntimeContract {
    @Override
    protected Kernel newKernel() {
        return new ThreadedKernel();
    }

    @Override
    protected boolean hasSockets() {
        return true;
    }
}
