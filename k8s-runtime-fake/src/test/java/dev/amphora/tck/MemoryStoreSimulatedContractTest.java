package dev.amphora.tck;

import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.SimulatedKernel;
import dev.amphora.store.Store;
import dev.amphora.store.memory.MemoryStore;

class MemoryStoreSimulatedContractTest extends StoreContract {
    @Override
    protected Kernel newKernel() {
        return new SimulatedKernel(42);
    }

    @Override
    protected Store newStore() {
        return new MemoryStore();
    }
}
