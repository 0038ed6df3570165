package dev.amphora.kubelet;

/**
 * A runtime whose machine can be lost and found again, to play the loss of a node.
 *
 * <p>A lost machine is silent: no call is answered, nobody is told of changes, nothing serves. What its containers did is over; when
 * it comes back it has started anew, with its containers ended and its images still there.
 */
public interface Machine {

    /** Loses the machine. Idempotent. */
    void fail();

    /** Brings it back. Idempotent. */
    void recover();
}
