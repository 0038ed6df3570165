package dev.amphora.apiserver.strategy;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The part of an image reference that decides how often the image is pulled. */
final class ImageReference {
    private static final String COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
    private static final String DOMAIN_PART = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
    private static final String DOMAIN =
            "(?:" + DOMAIN_PART + "(?:\\." + DOMAIN_PART + ")*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?";
    private static final Pattern REFERENCE =
            Pattern.compile("(?:" + DOMAIN + "/)?" + COMPONENT + "(?:/" + COMPONENT + ")*"
                    + "(?::(?<tag>\\w[\\w.-]{0,127}))?"
                    + "(?<digest>@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?");
    private static final Pattern IDENTIFIER = Pattern.compile("[a-f0-9]{64}");

    private ImageReference() {}

    /**
     * The pull policy of an image that comes without one: {@code Always} if its tag is {@code latest} or left out, otherwise, and
     * for what is no image reference, {@code IfNotPresent}.
     */
    static String defaultPullPolicy(String image) {
        Matcher matcher = REFERENCE.matcher(normalized(image));
        if (IDENTIFIER.matcher(image).matches() || !matcher.matches()) {
            return "IfNotPresent";
        }
        String tag = matcher.group("tag");
        boolean latest = tag == null ? matcher.group("digest") == null : tag.equals("latest");
        return latest ? "Always" : "IfNotPresent";
    }

    /** With a registry in front, as an image without one has the default. */
    private static String normalized(String image) {
        int slash = image.indexOf('/');
        String first = slash < 0 ? "" : image.substring(0, slash);
        boolean registry = first.contains(".")
                || first.contains(":")
                || first.equals("localhost")
                || !first.equals(first.toLowerCase(java.util.Locale.ROOT));
        return registry ? image : "docker.io/" + image;
    }
}
