package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;

/** Answers that are no stored objects. */
final class Answers {
    private Answers() {}

    /** 201 with a status that says so. */
    static ApiResult created(Call call) {
        ObjectNode status = Json.object();
        status.put("kind", "Status").put("apiVersion", "v1");
        status.putObject("metadata");
        status.put("status", "Success").put("code", 201);
        return ApiResult.created(VersionedObject.of(status), call.warnings());
    }
}
