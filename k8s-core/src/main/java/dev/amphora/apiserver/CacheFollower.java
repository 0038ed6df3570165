package dev.amphora.apiserver;

import dev.amphora.apiserver.access.ObjectReader;
import java.util.Collection;

/**
 * Tells somebody who reads by namespace and name of what a watch cache holds.
 *
 * @param prefix of the cache's keys
 * @param reader is told
 */
record CacheFollower(String prefix, ObjectReader.Follower reader) implements WatchCache.Follower {
    @Override
    public void read(Collection<VersionedObject> objects) {
        reader.reset();
        objects.forEach(this::put);
    }

    @Override
    public void changed(Change change) {
        VersionedObject object = change.object();
        if (object == null) {
            reader.remove(namespace(change.key()), name(change.key()));
        } else {
            put(object);
        }
    }

    private void put(VersionedObject object) {
        reader.put(namespace(object.key()), name(object.key()), object::tree);
    }

    private String namespace(String key) {
        int slash = key.lastIndexOf('/');
        return slash < prefix.length() ? "" : key.substring(prefix.length(), slash);
    }

    private static String name(String key) {
        return key.substring(key.lastIndexOf('/') + 1);
    }
}
