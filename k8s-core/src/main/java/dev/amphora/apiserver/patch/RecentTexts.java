package dev.amphora.apiserver.patch;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** What a function makes of texts, remembered for those that came last. For the few texts that come again and again. Thread-safe. */
final class RecentTexts {
    private static final int SIZE = 2048;
    private static final int LONGEST = 128;

    private final AtomicReferenceArray<@Nullable Made> recent = new AtomicReferenceArray<>(SIZE);
    private final UnaryOperator<String> function;

    /** The function gives the same for the same text, always. */
    RecentTexts(UnaryOperator<String> function) {
        this.function = function;
    }

    private record Made(String from, String text) {}

    String of(String text) {
        if (text.length() > LONGEST) {
            return function.apply(text);
        }
        int hash = text.hashCode();
        int place = (hash ^ hash >>> 16) & SIZE - 1;
        Made made = recent.getPlain(place);
        if (made == null || !made.from.equals(text)) {
            made = new Made(text, function.apply(text));
            recent.setPlain(place, made);
        }
        return made.text;
    }
}
