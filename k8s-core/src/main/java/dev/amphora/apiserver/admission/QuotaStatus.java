package dev.amphora.apiserver.admission;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** Writes the status of a ResourceQuota. */
@FunctionalInterface
public interface QuotaStatus {
    /**
     * Writes it if nobody else has written meanwhile.
     *
     * @param quota the whole object, with the version that was read
     * @throws dev.amphora.api.StatusException a conflict if somebody has
     */
    void write(ObjectNode quota);
}
