package dev.amphora.runtime.docker;

import com.github.dockerjava.api.exception.DockerException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The engine could not do what was asked; the message is the engine's own, without the HTTP around it. */
final class EngineException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final Pattern BODY = Pattern.compile("\\{\\s*\"message\"\\s*:\\s*\"(.*)\"\\s*}", Pattern.DOTALL);

    EngineException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    static EngineException of(DockerException error) {
        String text = String.valueOf(error.getMessage());
        Matcher body = BODY.matcher(text);
        return new EngineException(
                body.find()
                        ? body.group(1)
                                .replace("\\\"", "\"")
                                .replace("\\n", "\n")
                                .strip()
                        : text.strip(),
                error);
    }
}
