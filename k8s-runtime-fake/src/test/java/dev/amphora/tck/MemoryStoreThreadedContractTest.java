package dev.amphora.tck;

import dev.amphora.kernel.Kernel;
import dev.amphora.kernel.ThreadedKernel;
import dev.amphora.store.Store;
import dev.amphora.store.memory.MemoryStore;

class MemoryStoreThreadedContractTest extends StoreContract {
    @Override
    protected Kernel newKernel() {
        return new ThreadedKernel();
    }

    @Override
    protected Store newStore() {
        return new MemoryStore();
    }
}
