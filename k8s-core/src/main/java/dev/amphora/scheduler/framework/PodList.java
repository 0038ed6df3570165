package dev.amphora.scheduler.framework;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.RandomAccess;

/**
 * An immutable list of pods that grows cheaply: a longer version shares the array of the shorter one, as long as no other version has
 * taken the place behind it.
 */
final class PodList extends AbstractList<PodInfo> implements RandomAccess {
    static final PodList EMPTY = new PodList(new Block(new PodInfo[0]), 0);

    private static final class Block {
        final PodInfo[] pods;
        int used;

        Block(PodInfo[] pods) {
            this.pods = pods;
        }
    }

    private final Block block;
    private final int size;

    private PodList(Block block, int size) {
        this.block = block;
        this.size = size;
    }

    @Override
    public PodInfo get(int index) {
        if (index >= size) {
            throw new IndexOutOfBoundsException(index);
        }
        return block.pods[index];
    }

    @Override
    public int size() {
        return size;
    }

    PodList plus(PodInfo pod) {
        // what-if questions grow the same lists on threads of their own
        synchronized (block) {
            if (block.used == size && size < block.pods.length) {
                block.pods[size] = pod;
                block.used = size + 1;
                return new PodList(block, size + 1);
            }
        }
        Block target = new Block(Arrays.copyOf(block.pods, Math.max(8, size + (size >> 1) + 1)));
        target.pods[size] = pod;
        target.used = size + 1;
        return new PodList(target, size + 1);
    }

    /** Without the pod at an index; the last one takes its place. */
    PodList minus(int index) {
        Block target = new Block(Arrays.copyOf(block.pods, size));
        target.pods[index] = target.pods[size - 1];
        target.used = size - 1;
        return new PodList(target, size - 1);
    }

    int indexOfUid(String uid) {
        for (int i = size - 1; i >= 0; i--) {
            if (block.pods[i].uid().equals(uid)) {
                return i;
            }
        }
        return -1;
    }
}
