package dev.amphora.samples.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The placeholders whose value is known before a scenario starts: replaced everywhere, in requests and in answers. */
final class Constants {
    private static final Pattern CONTINUE_FOR = Pattern.compile("\\$\\{continueFor:(.*?)\\}(?=&|$)");
    private static final Pattern FILL = Pattern.compile("\\$\\{(?:fill:(.)|(x))\\*(\\d+)\\}");
    private static final Pattern NOW = Pattern.compile("\\$\\{now([-+]\\d+)\\}");
    private static final Pattern REQUEST_FOR = Pattern.compile("\\$\\{request for ([^}]*)\\}");
    private static final Pattern CONFIG_MAP =
            Pattern.compile("\\$\\{a ConfigMap named (\\w+) whose data\\.(\\w+) is (\\d+) times (\\w)\\}");
    private static final String ANY_REQUEST = "${csrPem}";

    private final Map<String, String> fixed;
    private final Instant now;
    private final SigningRequests signingRequests;

    /**
     * @param fixed names without braces to their values
     * @param now what ages are reckoned from
     */
    Constants(Map<String, String> fixed, Instant now, SigningRequests signingRequests) {
        this.fixed = fixed;
        this.now = now.truncatedTo(ChronoUnit.SECONDS);
        this.signingRequests = signingRequests;
    }

    /** A recording with these placeholders replaced. */
    <T extends JsonNode> T apply(T recording) {
        @SuppressWarnings("unchecked")
        T replaced = (T) Trees.map(recording, this::text, text -> TextNode.valueOf(text(text)));
        return replaced;
    }

    private String text(String text) {
        if (!text.contains("${")) {
            return text;
        }
        String out = each(CONTINUE_FOR, text, found -> Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(found.group(1).getBytes(StandardCharsets.UTF_8)));
        out = each(FILL, out, found -> (found.group(1) == null ? found.group(2) : found.group(1))
                .repeat(Integer.parseInt(found.group(3))));
        out = each(NOW, out, found -> now.plusSeconds(Long.parseLong(found.group(1)))
                .toString());
        out = each(REQUEST_FOR, out, found -> signingRequests.pemFor(found.group(1)));
        out = each(
                CONFIG_MAP,
                out,
                found -> Trees.write(configMap(found.group(1))
                        .set(
                                "data",
                                Trees.object()
                                        .put(
                                                found.group(2),
                                                found.group(4).repeat(Integer.parseInt(found.group(3)))))));
        if (out.contains(ANY_REQUEST)) {
            out = out.replace(ANY_REQUEST, signingRequests.pemFor("/CN=x"));
        }
        for (Map.Entry<String, String> each : fixed.entrySet()) {
            out = out.replace("${" + each.getKey() + "}", each.getValue());
        }
        return out;
    }

    private static String each(Pattern pattern, String text, Function<MatchResult, String> value) {
        return pattern.matcher(text).replaceAll(found -> Matcher.quoteReplacement(value.apply(found)));
    }

    static ObjectNode configMap(String name) {
        ObjectNode configMap = Trees.object().put("apiVersion", "v1").put("kind", "ConfigMap");
        configMap.putObject("metadata").put("name", name);
        return configMap;
    }
}
