package dev.amphora.apiserver.cel;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;

/**
 * A regular expression of the syntax that the reference has. Looking for it takes a time that grows with the text and the size of the
 * expression, never more, and what would take too long even so is refused, as are expressions that would take too much to compile. Compiled
 * once while it is in use. Immutable.
 */
public final class GoPattern {
    /** The most steps of a search: some seconds. */
    private static final long MOST_STEPS = 300_000_000;

    private static final String TOO_DEEP = "expression nests too deeply";
    private static final int REMEMBERED = 1_000;
    private static final int LONGEST_SHOWN = 100;
    private static final Cache<String, GoPattern> KNOWN =
            CacheBuilder.newBuilder().maximumSize(REMEMBERED).softValues().build();

    private final Pattern pattern;

    private GoPattern(Pattern pattern) {
        this.pattern = pattern;
    }

    /**
     * Reads an expression.
     *
     * @throws PatternSyntaxException if it is none
     */
    public static GoPattern of(String text) {
        GoPattern known = KNOWN.getIfPresent(text);
        if (known == null) {
            known = new GoPattern(compiled(text));
            KNOWN.put(text, known);
        }
        return known;
    }

    private static Pattern compiled(String text) {
        PatternLimits.check(text);
        try {
            Pattern pattern = Pattern.compile(text);
            pattern.matcher("").find(); // What can't be run is found out now.
            return pattern;
        } catch (StackOverflowError | OutOfMemoryError e) {
            throw new PatternSyntaxException(TOO_DEEP, text.substring(0, Math.min(text.length(), LONGEST_SHOWN)));
        }
    }

    /** Whether a search in a text would take too long. */
    public boolean isTooMuchFor(CharSequence text) {
        return (long) pattern.programSize() * text.length() > MOST_STEPS;
    }

    /** Whether it is somewhere in a text; not if the search would take too long. */
    public boolean isIn(CharSequence text) {
        return !isTooMuchFor(text) && pattern.matcher(text).find();
    }

    /**
     * To look for one place after the other.
     *
     * @throws CelProblem if that would take too long
     */
    Matcher matcher(CharSequence text) {
        if (isTooMuchFor(text)) {
            throw new CelProblem("the text is too long for the regular expression");
        }
        return pattern.matcher(text);
    }
}
