package dev.amphora.apiserver;

/** What a request does to a resource; the words are those that authorization rules use. */
public enum Verb {
    /** Reads one object. */
    GET("get"),
    /** Reads a collection. */
    LIST("list"),
    /** Follows a collection. */
    WATCH("watch"),
    /** Makes an object, or posts to a subresource. */
    CREATE("create"),
    /** Replaces an object. */
    UPDATE("update"),
    /** Changes parts of an object. */
    PATCH("patch"),
    /** Deletes an object. */
    DELETE("delete"),
    /** Deletes a collection. */
    DELETE_COLLECTION("deletecollection");

    private final String word;

    Verb(String word) {
        this.word = word;
    }

    /** Whether it may change something. */
    public boolean writes() {
        return this != GET && this != LIST && this != WATCH;
    }

    /** The word in rules and messages. */
    public String word() {
        return word;
    }
}
