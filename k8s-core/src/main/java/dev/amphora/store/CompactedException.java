package dev.amphora.store;

/** The revision asked for has been compacted away. */
public final class CompactedException extends StoreException {
    private static final long serialVersionUID = 1L;

    private final long compactRevision;

    /**
     * An error that names the oldest revision left.
     *
     * @param compactRevision the revision of the last compaction
     */
    public CompactedException(long compactRevision) {
        super("the required revision has been compacted; the oldest is " + compactRevision, null);
        this.compactRevision = compactRevision;
    }

    /** The revision of the last compaction: the oldest that can be read. */
    public long compactRevision() {
        return compactRevision;
    }
}
