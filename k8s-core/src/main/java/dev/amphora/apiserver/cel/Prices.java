package dev.amphora.apiserver.cel;

/** What the reference charges for what expressions do, in steps; estimates and running expressions are charged alike. */
final class Prices {
    /** For each character that is walked. */
    static final double TEXT_STEP = 0.1;
    /** For each character of a regular expression. */
    static final double REGEX_STEP = 0.25;
    /** For making a list. */
    static final long LIST = 10;
    /** For making a map. */
    static final long MAP = 30;
    /** For making an object. */
    static final long STRUCT = 40;
    /** For checking a value against a named format. */
    static final long NAMED_FORMAT = 32;

    private Prices() {}
}
