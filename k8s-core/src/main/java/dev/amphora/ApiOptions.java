package dev.amphora;

import com.google.common.collect.ImmutableList;
import dev.amphora.apiserver.ApiServer;
import dev.amphora.apiserver.access.TokenOptions;
import dev.amphora.apiserver.admission.AdmissionConfiguration;
import dev.amphora.apiserver.admission.AdmissionPlugins;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How the API server decides and what it serves on, by the names of kube-apiserver's options. Immutable; each {@code with} method gives
 * a changed copy.
 *
 * @param authorizationModes {@code AlwaysAllow}, {@code AlwaysDeny}, {@code Node}, {@code RBAC} and {@code Webhook}, asked in this order
 * @param enabledAdmission admission plugins beyond the default ones
 * @param disabledAdmission default admission plugins to leave out
 * @param tokens a token file's text: {@code token,user,uid,"group1,group2"} a line
 * @param serviceClusterIpRange where Services get their addresses, as CIDR; null for a part of 127/8
 * @param publishesEndpoint whether the address that the API is served at becomes the endpoint of the Service {@code kubernetes}, if others
 *     can reach it: neither loopback nor "any"
 * @param disabledVersions versions of groups that are not served, such as {@code extensions/v1beta1}
 * @param compactionInterval how often the store's history is compacted to what it was an interval ago; zero for never
 * @param eventTimeToLive how long an Event is kept after its last write; zero for always
 * @param disabledFeatures feature gates that are off: {@code APIServerIdentity}, {@code UnknownVersionInteroperabilityProxy}
 * @param serviceAccountTokens how tokens of service accounts are issued and checked
 * @param requests how many requests go at once, and who is told of them
 * @param releaseName what {@code /version} says as {@code gitVersion}
 * @param admissionConfiguration what single admission plugins are told
 * @param security who else decides who calls and what they may do, and what is encrypted in the store
 */
public record ApiOptions(
        List<String> authorizationModes,
        List<String> enabledAdmission,
        List<String> disabledAdmission,
        String tokens,
        @Nullable String serviceClusterIpRange,
        boolean publishesEndpoint,
        List<String> disabledVersions,
        Duration compactionInterval,
        Duration eventTimeToLive,
        List<String> disabledFeatures,
        TokenOptions serviceAccountTokens,
        RequestHandling requests,
        String releaseName,
        AdmissionConfiguration admissionConfiguration,
        SecurityOptions security) {
    private static final ApiOptions DEFAULTS = new ApiOptions(
            List.of("Node", "RBAC"),
            List.of(),
            List.of(),
            "",
            null,
            true,
            List.of(),
            Duration.ZERO,
            ApiServer.EVENT_TIME_TO_LIVE,
            List.of(),
            TokenOptions.defaults(),
            RequestHandling.defaults(),
            "v1.36.3+amphora",
            AdmissionConfiguration.none(),
            SecurityOptions.defaults());

    /**
     * Options whose members cannot change.
     *
     * @throws IllegalArgumentException if there is no admission plugin of a given name, or a time is negative
     */
    public ApiOptions {
        authorizationModes = ImmutableList.copyOf(authorizationModes);
        enabledAdmission = ImmutableList.copyOf(enabledAdmission);
        disabledAdmission = ImmutableList.copyOf(disabledAdmission);
        disabledVersions = ImmutableList.copyOf(disabledVersions);
        disabledFeatures = ImmutableList.copyOf(disabledFeatures);
        if (eventTimeToLive.isNegative()) {
            throw new IllegalArgumentException("events can't be kept for less than no time: " + eventTimeToLive);
        }
        AdmissionPlugins.requireAvailable(enabledAdmission);
        AdmissionPlugins.requireKnown(disabledAdmission);
    }

    /** RBAC, the default admission plugins, no tokens. */
    public static ApiOptions defaults() {
        return DEFAULTS;
    }

    /** The same with other authorization modes. */
    public ApiOptions withAuthorizationModes(List<String> modes) {
        return changed(draft -> draft.authorizationModes = modes);
    }

    /** The same with further admission plugins, and without others. */
    public ApiOptions withAdmission(List<String> enabled, List<String> disabled) {
        return changed(draft -> {
            draft.enabledAdmission = enabled;
            draft.disabledAdmission = disabled;
        });
    }

    /** The same with other words to single admission plugins. */
    public ApiOptions withAdmissionConfiguration(AdmissionConfiguration configuration) {
        return changed(draft -> draft.admissionConfiguration = configuration);
    }

    /** The same with bearer tokens. */
    public ApiOptions withTokens(String csv) {
        return changed(draft -> draft.tokens = csv);
    }

    /** The same with another range of Service addresses. */
    public ApiOptions withServiceClusterIpRange(@Nullable String cidr) {
        return changed(draft -> draft.serviceClusterIpRange = cidr);
    }

    /** The same, with or without an endpoint of the Service {@code kubernetes}. */
    public ApiOptions withPublishedEndpoint(boolean publishes) {
        return changed(draft -> draft.publishesEndpoint = publishes);
    }

    /** The same without some versions of groups. */
    public ApiOptions withoutVersions(List<String> groupVersions) {
        return changed(draft -> draft.disabledVersions = groupVersions);
    }

    /** The same with another interval between compactions; zero for none. */
    public ApiOptions withCompactionInterval(Duration interval) {
        return changed(draft -> draft.compactionInterval = interval);
    }

    /** The same, with Events that are kept for another time after their last write (an hour by default); zero for always. */
    public ApiOptions withEventTimeToLive(Duration time) {
        return changed(draft -> draft.eventTimeToLive = time);
    }

    /** The same with some feature gates switched off; see {@link #disabledFeatures}. */
    public ApiOptions withoutFeatures(List<String> gates) {
        return changed(draft -> draft.disabledFeatures = gates);
    }

    /** The same with other service account tokens. */
    public ApiOptions withServiceAccountTokens(TokenOptions tokenOptions) {
        return changed(draft -> draft.serviceAccountTokens = tokenOptions);
    }

    /** The same with other limits for requests, and others who are told of them. */
    public ApiOptions withRequests(RequestHandling handling) {
        return changed(draft -> draft.requests = handling);
    }

    /** The same by another name at {@code /version}: {@code v1.36.3} passes for the reference. */
    public ApiOptions withReleaseName(String name) {
        return changed(draft -> draft.releaseName = name);
    }

    /** The same with others who decide, and other encryption. */
    public ApiOptions withSecurity(SecurityOptions options) {
        return changed(draft -> draft.security = options);
    }

    private ApiOptions changed(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return draft.done();
    }

    /** Options while they are being changed. */
    private static final class Draft {
        private List<String> authorizationModes;
        private List<String> enabledAdmission;
        private List<String> disabledAdmission;
        private String tokens;
        private @Nullable String serviceClusterIpRange;
        private boolean publishesEndpoint;
        private List<String> disabledVersions;
        private Duration compactionInterval;
        private Duration eventTimeToLive;
        private List<String> disabledFeatures;
        private TokenOptions serviceAccountTokens;
        private RequestHandling requests;
        private String releaseName;
        private AdmissionConfiguration admissionConfiguration;
        private SecurityOptions security;

        Draft(ApiOptions options) {
            authorizationModes = options.authorizationModes;
            enabledAdmission = options.enabledAdmission;
            disabledAdmission = options.disabledAdmission;
            tokens = options.tokens;
            serviceClusterIpRange = options.serviceClusterIpRange;
            publishesEndpoint = options.publishesEndpoint;
            disabledVersions = options.disabledVersions;
            compactionInterval = options.compactionInterval;
            eventTimeToLive = options.eventTimeToLive;
            disabledFeatures = options.disabledFeatures;
            serviceAccountTokens = options.serviceAccountTokens;
            requests = options.requests;
            releaseName = options.releaseName;
            admissionConfiguration = options.admissionConfiguration;
            security = options.security;
        }

        ApiOptions done() {
            return new ApiOptions(
                    authorizationModes,
                    enabledAdmission,
                    disabledAdmission,
                    tokens,
                    serviceClusterIpRange,
                    publishesEndpoint,
                    disabledVersions,
                    compactionInterval,
                    eventTimeToLive,
                    disabledFeatures,
                    serviceAccountTokens,
                    requests,
                    releaseName,
                    admissionConfiguration,
                    security);
        }
    }
}
