package dev.amphora.scheduler.framework;

import io.fabric8.kubernetes.api.model.HasMetadata;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * A plugin that holds pods back and knows when it lets go of one. The pods that it holds back are not looked at again, whatever happens,
 * until it says so; so a thousand of them cost nothing. It still registers the events by which they are tried then.
 */
public interface ReleasingPlugin extends PreEnqueuePlugin {
    /**
     * The uids of pods that it held back and, since it was asked last, has let go of. Asked where scheduling cycles run, before each
     * event is looked at.
     *
     * @param about what the event is about, as it is or was; null if it is about nothing in particular
     */
    Collection<String> released(@Nullable HasMetadata about);
}
