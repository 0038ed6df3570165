package dev.amphora.scheduler;

import dev.amphora.scheduler.framework.NodeSnapshot;
import dev.amphora.scheduler.framework.PodChanges;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What plugins hear of changes that keep something for pods that are alike. Belongs to the scheduler's actor.
 *
 * @param cache where nodes and their pods change
 * @param nominations where pods are nominated to nodes
 */
record ClassLog(SchedulerCache cache, Nominations nominations) implements PodChanges.Log {
    @Override
    public long position() {
        return cache.log().position();
    }

    @Override
    public @Nullable List<PodChanges.Change> since(long position) {
        return cache.log().since(position);
    }

    @Override
    public PodChanges.NodeReader nodes() {
        return new Reader(cache, nominations);
    }

    private static final class Reader implements PodChanges.NodeReader {
        private final SchedulerCache cache;
        private final Nominations nominations;
        private int version;
        private long place;
        private long nomination;

        Reader(SchedulerCache cache, Nominations nominations) {
            this.cache = cache;
            this.nominations = nominations;
            advance();
        }

        private void advance() {
            version = cache.version();
            place = cache.places().position();
            nomination = nominations.log().position();
        }

        @Override
        public boolean read(NodeSnapshot snapshot, IntConsumer changed) {
            List<Integer> places = cache.places().since(place);
            List<String> names = nominations.log().since(nomination);
            boolean sameNodes = version == cache.version();
            advance();
            if (!sameNodes || places == null || names == null) {
                return false;
            }
            for (int i = 0; i < places.size(); i++) {
                changed.accept(places.get(i));
            }
            for (int i = 0; i < names.size(); i++) {
                int at = snapshot.indexOf(names.get(i));
                if (at >= 0) {
                    changed.accept(at);
                }
            }
            return true;
        }
    }
}
