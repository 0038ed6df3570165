package dev.amphora.rest;

/** Answers every request. */
public final class RestApi {
    void handle(HttpCall call) {
        call.answer(HttpAnswer.text(404, "404 page not found\n"));
    }
}
