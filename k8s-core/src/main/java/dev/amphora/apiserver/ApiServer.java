package dev.amphora.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import dev.amphora.api.Json;
import dev.amphora.api.StatusException;
import dev.amphora.apiserver.access.AccessRequest;
import dev.amphora.apiserver.access.AccessRules;
import dev.amphora.apiserver.access.Authenticator;
import dev.amphora.apiserver.access.Authorizer;
import dev.amphora.apiserver.access.Credentials;
import dev.amphora.apiserver.access.Grants;
import dev.amphora.apiserver.access.ObjectReader;
import dev.amphora.apiserver.access.RbacAuthorizer;
import dev.amphora.apiserver.access.RbacIndex;
import dev.amphora.apiserver.access.TokenKeys;
import dev.amphora.apiserver.access.TokenOptions;
import dev.amphora.apiserver.access.TokenValidator;
import dev.amphora.apiserver.access.User;
import dev.amphora.apiserver.admission.AdmissionConfiguration;
import dev.amphora.apiserver.admission.AdmissionPlugin;
import dev.amphora.apiserver.admission.AdmissionPlugins;
import dev.amphora.apiserver.admission.AdmissionRequest;
import dev.amphora.apiserver.admission.PolicyParameters;
import dev.amphora.apiserver.admission.RoleEscalation;
import dev.amphora.apiserver.customresource.DefinedVersion;
import dev.amphora.apiserver.customresource.Definition;
import dev.amphora.apiserver.encryption.EncryptedStore;
import dev.amphora.apiserver.encryption.EncryptionConfiguration;
import dev.amphora.apiserver.flow.FlowSource;
import dev.amphora.apiserver.outside.LocalServers;
import dev.amphora.apiserver.outside.RemoteServers;
import dev.amphora.apiserver.outside.WebhookServers;
import dev.amphora.apiserver.policy.Policies;
import dev.amphora.apiserver.schema.ResourceInfo;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import dev.amphora.apiserver.strategy.Strategy;
import dev.amphora.apiserver.strategy.StrategyRegistry;
import dev.amphora.apiserver.webhook.Webhooks;
import dev.amphora.kernel.Kernel;
import dev.amphora.store.Store;
import io.fabric8.kubernetes.api.model.StatusDetails;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.net.ssl.KeyManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The API server: the only one that touches the store, and the same for every caller.
 *
 * <p>{@link #handle} takes a request through authorization, decoding, defaults, admission and validation to the store. Callers run it in
 * their own thread; under simulation a call is a {@linkplain Kernel#yieldPoint() yield point} and then completes without waiting for
 * anybody. Safe for concurrent use.
 */
public final class ApiServer implements AutoCloseable {
    /** How long Events are kept unless something else is asked for: the default of {@code --event-ttl}. */
    public static final Duration EVENT_TIME_TO_LIVE = Duration.ofHours(1);

    private static final Logger log = LoggerFactory.getLogger(ApiServer.class);
    private static final String CONTROLLERS = "system:kube-controller-manager";

    private final Kernel kernel;
    private final StoreFeed feed;
    private final Endpoints endpoints;
    private final Reads reads;
    private final Writes writes;
    private final Patches patches;
    private final Deletes deletes;
    private final Subresources subresources;
    private final Compaction compaction;
    private final DefinitionKeeper definitions;
    private final Admission admission;
    private final Authorizer authorizer;
    private final ImmutableList<Authenticator> authenticators;
    private final LateObjects late = new LateObjects();
    private final FlowKeeper flows;
    private final ApiServiceKeeper apiServices;
    private final RemoteServers remoteServers;
    private final RemoteApis remoteApis;
    private final RemoteReads remoteReads;
    private final TokenOptions tokenOptions;
    private final TokenKeys tokenKeys;
    private final TokenValidator validator;
    private final ObjectReader objects = new StoredObjects();
    private final List<WriteListener> listeners = new CopyOnWriteArrayList<>();
    private final boolean prompt;
    private volatile boolean ready;

    private ApiServer(Builder builder) {
        kernel = builder.kernel;
        Store store = builder.encryption == null
                ? builder.store
                : new EncryptedStore(builder.store, builder.encryption, kernel);
        prompt = builder.prompt && !store.mayWait();
        feed = new StoreFeed(kernel, store, Endpoints.ROOT);
        WebhookServers webhookServers = new WebhookServers(
                kernel, new RemoteServers(kernel, objects, builder.localServers, () -> null), builder.localServers);
        endpoints = new Endpoints(kernel, store, feed, builder.catalogue, builder.strategies, webhookServers);
        reads = new Reads(kernel, feed);
        authorizer = builder.authorizer == null ? new RbacAuthorizer(objects) : builder.authorizer.apply(objects);
        List<AdmissionPlugin> plugins = new ArrayList<>(AdmissionPlugins.builtIn(
                objects,
                base -> Metadata.generated(base, kernel),
                this::writeQuota,
                authorizer,
                endpoints::catalogue,
                this::makeNamespace,
                builder.configuration,
                builder.enabledPlugins,
                builder.disabledPlugins));
        builder.plugins.forEach(plugin -> plugins.add(plugin.apply(objects)));
        plugins.add(new RoleEscalation(new Grants(objects, authorizer)));
        Policies policies = new Policies(objects, endpoints::catalogue, authorizer, this::setDefaults);
        plugins.add(policies.mutating());
        plugins.add(policies.validating());
        Webhooks webhooks = new Webhooks(kernel, webhookServers, policies);
        plugins.add(webhooks.mutating());
        plugins.add(webhooks.validating());
        plugins.removeIf(plugin -> builder.disabledPlugins.contains(plugin.name()));
        plugins.sort(AdmissionPlugins.ORDER);
        plugins.add(0, new PolicyParameters(objects, endpoints::catalogue, authorizer));
        admission = new Admission(kernel, plugins, endpoints);
        Allocations allocations =
                new ServiceAllocations(kernel, endpoints, reads, feed, ServiceRanges.parse(builder.serviceRange));
        compaction = new Compaction(kernel, store, builder.compactionInterval);
        writes = new Writes(
                kernel,
                feed,
                endpoints,
                admission,
                allocations,
                new DeviceAccess(objects),
                builder.eventTimeToLive,
                this::authorizeCreation);
        patches = new Patches(writes);
        deletes = new Deletes(kernel, writes, reads, admission);
        tokenOptions = builder.tokens;
        tokenKeys = new TokenKeys(kernel, tokenOptions.signingKey(), tokenOptions.verifyingKeys());
        validator = new TokenValidator(kernel, objects, tokenKeys, tokenOptions, this::noteUse);
        ServiceAccountTokens tokens = new ServiceAccountTokens(kernel, this, tokenKeys, tokenOptions, admission);
        subresources = new Subresources(kernel, this, endpoints, reads, writes, deletes, admission, tokens);
        definitions = new DefinitionKeeper(kernel, endpoints, writes, reads, this::writeDefinitionStatus, this::erase);
        OwnRequests own = new OwnRequests(endpoints, writes, objects, request -> dispatch(call(request)));
        flows = new FlowKeeper(kernel, store, own);
        apiServices = new ApiServiceKeeper(own, endpoints);
        remoteServers = new RemoteServers(kernel, objects, builder.localServers, builder.shown);
        remoteApis = new RemoteApis(kernel, own, objects, remoteServers);
        remoteReads = new RemoteReads(kernel, remoteApis, remoteServers, this::authorizeOrRefuse);
        late.add(FlowObjects.GROUP, FlowObjects.LEVELS, flows);
        late.add(FlowObjects.GROUP, FlowObjects.SCHEMAS, flows);
        late.add(ApiServiceKeeper.GROUP, ApiServiceKeeper.PLURAL, apiServices);
        if (builder.clientTrust != null) {
            late.add("", ClientTrust.PLURAL, ClientTrust.NAMESPACE, new ClientTrust(own, builder.clientTrust));
        }
        LocalDate today = kernel.instant().atOffset(ZoneOffset.UTC).toLocalDate();
        late.add("", ClientTrust.PLURAL, ClientTrust.NAMESPACE, new TokenTracking(own, today));
        authenticators = ImmutableList.<Authenticator>builder()
                .addAll(builder.authenticators)
                .add(validator)
                .addAll(builder.lastAuthenticators)
                .build();
    }

    /**
     * Begins to describe a server.
     *
     * @param kernel whose time, tasks and chance it uses
     * @param store where it keeps everything; started already
     */
    public static Builder builder(Kernel kernel, Store store) {
        return new Builder(kernel, store);
    }

    /** Begins to follow the store, and makes what every cluster has. */
    public ApiServer start() {
        feed.start();
        new Bootstrap(this).run();
        compaction.start();
        remoteApis.start();
        late.open();
        ready = true;
        return this;
    }

    /**
     * Says how to find out whether a component of the control plane runs, for who reads its status.
     *
     * @param name {@code scheduler} or {@code controller-manager}
     * @param problem what is wrong with it; empty if it is healthy
     */
    public void component(String name, Supplier<Optional<String>> problem) {
        subresources.components().component(name, problem);
    }

    /** Whether it has started. */
    public boolean isReady() {
        return ready;
    }

    /** What the watch caches have measured, one for each resource that has been read, in order. */
    public List<Measurements> measure() {
        return endpoints.measure();
    }

    /** The rules by which requests share the server. */
    public FlowSource flowSource() {
        return flows;
    }

    /** The versions of groups that other servers are said to serve, by APIServices; the most important first. */
    public List<RemoteGroup> remoteGroups() {
        return remoteApis.groups();
    }

    /** How important a group is that is served here, beside those of other servers. */
    public int groupPriority(String group) {
        return ApiServiceKeeper.priority(group);
    }

    /**
     * Reads from an API that another server serves, or its group's description.
     *
     * @param user as whom
     * @param target path and query, escaped, such as {@code /apis/metrics.k8s.io/v1beta1/nodes}
     * @throws StatusException with code 404 and no reason if nobody serves it
     */
    public JsonNode readElsewhere(User user, String target) {
        kernel.yieldPoint();
        return remoteReads.read(user, target);
    }

    /** The way to the servers of {@link #remoteGroups}. */
    public RemoteServers remoteServers() {
        return remoteServers;
    }

    /** The kinds that are served. */
    public SchemaCatalogue catalogue() {
        return endpoints.catalogue();
    }

    /** One kind that is served, as the {@link #catalogue} has it, without making the whole of that; empty if it isn't served. */
    public Optional<ResourceInfo> resource(String group, String version, String plural) {
        return endpoints.resource(group, version, plural);
    }

    /** What callers of a deprecated version of a custom resource are warned of; empty if it isn't one. */
    public String deprecationWarning(ResourceInfo resource) {
        return endpoints
                .customResources()
                .find(resource.group(), resource.version(), resource.plural())
                .map(Endpoint::custom)
                .map(DefinedVersion::deprecationWarning)
                .orElse("");
    }

    /**
     * Finds out who shows credentials.
     *
     * @return empty if credentials were shown that nobody knows; {@link User#anonymous()} if none were shown
     */
    public Optional<User> authenticate(Credentials credentials) {
        for (Authenticator authenticator : authenticators) {
            Optional<User> user = authenticator.authenticate(credentials);
            if (user.isPresent()) {
                return user;
            }
        }
        return credentials.bearerToken() == null ? Optional.of(User.anonymous()) : Optional.empty();
    }

    /** How service account tokens are issued. */
    public TokenOptions tokenOptions() {
        return tokenOptions;
    }

    /** The keys by which service account tokens can be checked, as a set of JSON web keys. */
    public ObjectNode tokenKeys() {
        return tokenKeys.publicKeys();
    }

    /** The algorithms by which service account tokens are signed, such as {@code RS256}. */
    public List<String> tokenAlgorithms() {
        return tokenKeys.algorithms();
    }

    /**
     * Signs a token, as a service account's.
     *
     * @param claims what it says, as JSON
     */
    public String signToken(String claims) {
        return tokenKeys.sign((ObjectNode) Json.read(claims.getBytes(StandardCharsets.UTF_8)));
    }

    /** Writes down when the token in a Secret was last used, so that those which nobody uses can be found. */
    private void noteUse(ObjectNode secret, String label, String day) {
        ObjectNode patch = Json.object();
        ObjectNode metadata = patch.putObject("metadata");
        metadata.put("uid", Metadata.text(secret, "uid"));
        metadata.putObject("labels").put(label, day);
        ApiRequest request = own(
                Verb.PATCH, "", "v1", "secrets", Metadata.text(secret, "namespace"), Metadata.text(secret, "name"), "");
        try {
            dispatch(call(request.with(Body.of(patch, "application/merge-patch+json"))));
        } catch (StatusException e) {
            log.debug("The use of a token is not noted: {}", e.getMessage());
        }
    }

    /**
     * Finds out whose a token is.
     *
     * @param audiences one of which it must be for; empty for this server's
     */
    TokenValidator.Outcome check(String token, List<String> audiences) {
        List<String> wanted = audiences.isEmpty() ? tokenOptions.audiences() : audiences;
        List<String> common =
                tokenOptions.audiences().stream().filter(wanted::contains).toList();
        TokenValidator.Outcome outcome = validator.check(token, wanted);
        if (outcome.user() != null) {
            return outcome;
        }
        for (Authenticator authenticator : authenticators) {
            if (authenticator.equals(validator)) {
                continue;
            }
            Optional<User> user = authenticator.authenticate(Credentials.token(token));
            if (user.isPresent() && !common.isEmpty()) {
                return new TokenValidator.Outcome(user.get(), common, "");
            }
        }
        return outcome;
    }

    /** Decides whether somebody may do something. */
    public Authorizer.Decision authorize(AccessRequest request) {
        return authorizer.authorize(request);
    }

    /** What a user may do in a namespace. */
    AccessRules rulesOf(User user, String namespace) {
        return authorizer.rulesOf(user, namespace);
    }

    /**
     * Whether requests for single objects of a resource are answered by computing alone, as things stand: nothing has to be asked outside
     * this process, be it a store or a webhook. Otherwise they need a thread that may stand still.
     */
    public boolean answersAtOnce(String group, String version, String resource) {
        return prompt
                && !admission.mayWait()
                && endpoints
                        .find(group, version, resource)
                        .filter(endpoint -> endpoint.custom() == null)
                        .isPresent();
    }

    /** Reads what is stored, without asking who is reading. */
    public ObjectReader objects() {
        return objects;
    }

    private final class StoredObjects implements ObjectReader {
        private final RbacIndex roles = new RbacIndex(this);

        @Override
        public Optional<ObjectNode> get(String group, String resource, String namespace, String name) {
            late.look(group, resource, namespace);
            return endpoints
                    .stored(group, resource)
                    .flatMap(endpoint -> {
                        endpoint.cache().start();
                        return endpoint.find(namespace, name);
                    })
                    .map(VersionedObject::tree);
        }

        @Override
        public List<ObjectNode> list(String group, String resource, String namespace) {
            late.look(group, resource, namespace);
            Endpoint endpoint = endpoints.stored(group, resource).orElse(null);
            List<VersionedObject> all = endpoint == null ? List.of() : reads.all(endpoint, namespace);
            return all.isEmpty()
                    ? List.of()
                    : all.stream().map(VersionedObject::tree).toList();
        }

        @Override
        public void follow(String group, String resource, Follower follower) {
            WatchCache cache = endpoints
                    .stored(group, resource)
                    .orElseThrow(() -> new IllegalArgumentException("there is no resource " + resource))
                    .cache();
            cache.follow(new CacheFollower(cache.prefix(), follower));
            cache.start();
        }

        @Override
        public RbacIndex roles() {
            return roles;
        }
    }

    private void setDefaults(AdmissionRequest request, ObjectNode object) {
        endpoints.find(request.group(), request.version(), request.resource()).ifPresent(endpoint -> endpoint.strategy()
                .setDefaults(object));
    }

    private void makeNamespace(String name) {
        ObjectNode namespace = Json.object().put("apiVersion", "v1").put("kind", "Namespace");
        namespace.putObject("metadata").put("name", name);
        createIfAbsent("", "v1", "namespaces", "", namespace);
    }

    private void writeQuota(ObjectNode quota) {
        handle(new ApiRequest(
                new User("system:apiserver", "", List.of(User.MASTERS), Map.of()),
                "kube-apiserver",
                Verb.UPDATE,
                "",
                "v1",
                "resourcequotas",
                Metadata.text(quota, "namespace"),
                Metadata.text(quota, "name"),
                "status",
                RequestOptions.none(),
                Body.of(quota)));
    }

    /**
     * Answers a request other than a watch.
     *
     * @throws StatusException with the status that the caller gets
     */
    public ApiResult handle(ApiRequest request) {
        return handle(request, (key, value) -> {});
    }

    /**
     * Answers a request other than a watch.
     *
     * @param notes takes what is noted for the audit log, by key, once the request is answered or refused
     * @throws StatusException with the status that the caller gets
     */
    public ApiResult handle(ApiRequest request, BiConsumer<String, String> notes) {
        kernel.yieldPoint();
        authorizeOrRefuse(request);
        Call call = call(request);
        ApiResult result;
        try {
            result = dispatchWarned(call);
        } catch (StackOverflowError e) {
            // The body nests more deeply than this thread can follow; what is stored has been followed before.
            throw StatusException.badRequest("exceeded max depth");
        } finally {
            call.annotations().forEach(notes);
        }
        if (request.verb().writes() && !request.options().isDryRun()) {
            follow(request, result);
        }
        if (!listeners.isEmpty()
                && request.verb().writes()
                && !request.options().isDryRun()) {
            Instant at = kernel.instant();
            listeners.forEach(listener -> listener.written(at, request, result));
        }
        return result;
    }

    /**
     * Decides whether a caller may be connected to what runs, as by {@code pods/exec}.
     *
     * @param request a get or a create of the subresource
     * @param kind of its options, such as {@code PodExecOptions}
     * @param options what the query says, for the admission plugins to judge
     * @throws StatusException with the status that the caller gets, if not
     */
    public void connect(ApiRequest request, String kind, ObjectNode options) {
        authorizeOrRefuse(request);
        admission.connect(call(request), kind, options);
    }

    /**
     * Tells somebody of every write from now on.
     *
     * @return ends the telling
     */
    public Runnable listen(WriteListener listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    /**
     * Begins a watch.
     *
     * @param request a list with the options of a watch
     * @param sink receives the events; the first may come before this returns
     * @throws StatusException with the status that the caller gets, if the watch does not begin
     */
    public WatchSink.Handle watch(ApiRequest request, WatchSink sink) {
        kernel.yieldPoint();
        authorizeOrRefuse(request);
        Call call = call(request);
        if (!call.endpoint().info().supports("watch")) {
            throw notAllowed();
        }
        return reads.watch(call, sink);
    }

    /**
     * Forgets the store's history up to its newest revision, as etcd's own tool does: for tests of what clients do when theirs is too
     * old.
     */
    public void compact() {
        compaction.now();
    }

    @Override
    public void close() {
        ready = false;
        compaction.close();
        remoteApis.close();
        definitions.close();
        feed.close();
    }

    /** What a caller is warned of goes with a refusal too. */
    private ApiResult dispatchWarned(Call call) {
        try {
            return dispatch(call);
        } catch (StatusException e) {
            throw call.warnings().isEmpty() ? e : e.withWarnings(call.warnings());
        }
    }

    private ApiResult dispatch(Call call) {
        ApiRequest request = call.request();
        OptionRules.check(call);
        ApiResult special = subresources.handle(call);
        if (special != null) {
            return special;
        }
        return switch (request.verb()) {
            case GET -> reads.get(call);
            case LIST -> reads.list(call);
            case CREATE -> writes.create(call);
            case UPDATE -> writes.update(call);
            case PATCH -> patches.patch(call);
            case DELETE -> deletes.delete(call);
            case DELETE_COLLECTION -> deletes.deleteCollection(call);
            case WATCH -> throw new IllegalArgumentException("a watch needs a sink");
        };
    }

    private void authorizeOrRefuse(ApiRequest request) {
        authorizeOrRefuse(request.access());
    }

    /** Who makes an object by an update or by applying it needs the right to create it. */
    private void authorizeCreation(ApiRequest request) {
        authorizeOrRefuse(request.access().with("create"));
    }

    /** Refuses what somebody may not do. */
    private void authorizeOrRefuse(AccessRequest access) {
        Authorizer.Decision decision = authorizer.authorize(access);
        if (!decision.allowed()) {
            String why = access.refusal() + (decision.reason().isEmpty() ? "" : ": " + decision.reason());
            throw StatusException.forbidden(access.group(), access.resource(), access.name(), why);
        }
    }

    private Call call(ApiRequest request) {
        // Controllers look at every kind from the start on. They are told what is written later, so it needn't be there
        // for them.
        if (!request.user().name().equals(CONTROLLERS)) {
            late.look(request.group(), request.resource(), request.namespace());
        }
        Endpoint endpoint = endpoints
                .find(request.group(), request.version(), request.resource())
                .orElseThrow(ApiServer::notFound);
        if (!request.subresource().isEmpty()
                && endpoint.info().subresource(request.subresource()).isEmpty()) {
            throw notFound();
        }
        boolean namespaced = endpoint.info().namespaced();
        if (!namespaced && !request.namespace().isEmpty() && !request.resource().equals("namespaces")) {
            throw notFound();
        }
        boolean nowhere = namespaced && request.namespace().isEmpty();
        if (nowhere && request.verb() == Verb.CREATE && request.name().isEmpty()) {
            throw notAllowed();
        }
        if (nowhere && !request.name().isEmpty()) {
            throw notFound();
        }
        if ((request.verb() == Verb.UPDATE || request.verb() == Verb.PATCH)
                && request.name().isEmpty()) {
            throw notAllowed();
        }
        if (request.verb() == Verb.CREATE
                && !request.name().isEmpty()
                && request.subresource().isEmpty()) {
            throw notAllowed();
        }
        return new Call(request, endpoint);
    }

    /** What follows from a write and is not left to a controller is done when the write is answered. */
    private void follow(ApiRequest request, ApiResult result) {
        if (request.group().equals(Definition.GROUP)) {
            settle(request, result);
            apiServices.definitionsChanged(late);
        } else if (request.group().equals(FlowObjects.GROUP)) {
            flows.written(request);
        } else {
            remoteApis.written(request);
        }
    }

    private void settle(ApiRequest request, ApiResult result) {
        VersionedObject object = result.object();
        String name = request.name().isEmpty() && object != null ? object.name() : request.name();
        if (name.isEmpty()) {
            definitions.resume();
        } else {
            definitions.settled(name, name.substring(name.indexOf('.') + 1));
        }
    }

    private void writeDefinitionStatus(ObjectNode definition) {
        ApiRequest request = own(
                Verb.UPDATE,
                Definition.GROUP,
                "v1",
                Definition.PLURAL,
                "",
                Metadata.text(definition, "name"),
                "status");
        dispatch(call(request.with(Body.of(definition))));
    }

    private void erase(Endpoint endpoint, String namespace) {
        ResourceInfo info = endpoint.info();
        deletes.deleteCollection(new Call(
                own(Verb.DELETE_COLLECTION, info.group(), info.version(), info.plural(), namespace, "", ""), endpoint));
    }

    private static ApiRequest own(
            Verb verb, String group, String version, String plural, String namespace, String name, String subresource) {
        return new ApiRequest(
                new User("system:apiserver", "", List.of(User.MASTERS), Map.of()),
                "apiserver",
                verb,
                group,
                version,
                plural,
                namespace,
                name,
                subresource,
                RequestOptions.none(),
                null);
    }

    /** 404: nothing is served there. */
    static StatusException notFound() {
        return StatusException.of(
                404, "NotFound", "the server could not find the requested resource", new StatusDetails());
    }

    /** 405: the resource cannot do that. */
    static StatusException notAllowed() {
        return StatusException.of(
                405,
                "MethodNotAllowed",
                "the server does not allow this method on the requested resource",
                new StatusDetails());
    }

    /** The pipeline's own way to make what must exist: as {@code system:apiserver}, in {@code system:masters}. */
    Optional<VersionedObject> createIfAbsent(
            String group, String version, String plural, String namespace, ObjectNode object) {
        ApiRequest request = new ApiRequest(
                new User("system:apiserver", "", List.of(User.MASTERS), Map.of()),
                "kube-apiserver",
                Verb.CREATE,
                group,
                version,
                plural,
                namespace,
                "",
                "",
                RequestOptions.none(),
                Body.of(object));
        try {
            return Optional.ofNullable(dispatch(call(request)).object());
        } catch (StatusException e) {
            if (e.isAlreadyExists()) {
                return Optional.empty();
            }
            throw e;
        }
    }

    Kernel kernel() {
        return kernel;
    }

    /** What serves a resource in the version that is stored; null if it is not served. */
    @Nullable Endpoint storedEndpoint(String group, String plural) {
        return endpoints.stored(group, plural).orElse(null);
    }

    /** Takes note of a new object that was put into the store as it is. */
    void wrote(Endpoint endpoint, String key, byte[] value, long revision) {
        VersionedObject made = VersionedObject.stored(key, value, revision);
        feed.wrote(endpoint.cache(), new Change(revision, key, made, null, kernel.instant()));
    }

    /**
     * Changes an object of the system's own.
     *
     * @param found as it is now
     * @param change what is to become of it: null for nothing, without a uid if it is to be made anew
     */
    void mend(Endpoint endpoint, VersionedObject found, Function<ObjectNode, @Nullable ObjectNode> change) {
        ObjectNode wanted = change.apply(found.tree());
        if (wanted == null) {
            return;
        }
        ResourceInfo info = endpoint.info();
        boolean anew = Metadata.text(wanted, "uid").isEmpty();
        if (anew) {
            dispatch(call(own(
                    Verb.DELETE, info.group(), info.version(), info.plural(), found.namespace(), found.name(), "")));
        }
        ApiRequest request = own(
                anew ? Verb.CREATE : Verb.UPDATE,
                info.group(),
                info.version(),
                info.plural(),
                found.namespace(),
                anew ? "" : found.name(),
                "");
        dispatch(call(request.with(Body.of(wanted))));
    }

    /** Describes a server. */
    public static final class Builder {
        private final Kernel kernel;
        private final Store store;
        private final List<Function<ObjectReader, AdmissionPlugin>> plugins = new ArrayList<>();
        private final List<Authenticator> authenticators = new ArrayList<>();
        private final List<Authenticator> lastAuthenticators = new ArrayList<>();
        private final Set<String> enabledPlugins = new HashSet<>();
        private final Set<String> disabledPlugins = new HashSet<>();
        private SchemaCatalogue catalogue = SchemaCatalogue.builtIn();
        private BiFunction<String, String, Strategy> strategies = StrategyRegistry::strategy;
        private String serviceRange = "127.96.0.0/12";
        private Duration compactionInterval = Duration.ZERO;
        private Duration eventTimeToLive = EVENT_TIME_TO_LIVE;
        private TokenOptions tokens = TokenOptions.defaults();
        private AdmissionConfiguration configuration = AdmissionConfiguration.none();
        private boolean prompt;
        private LocalServers localServers = new LocalServers();
        private Supplier<KeyManager @Nullable []> shown = () -> null;
        private @Nullable Function<ObjectReader, Authorizer> authorizer;
        private @Nullable EncryptionConfiguration encryption;
        private @Nullable Supplier<Map<String, String>> clientTrust;

        private Builder(Kernel kernel, Store store) {
            this.kernel = kernel;
            this.store = store;
        }

        /** Adds an authenticator; they are asked in the order in which they were added. */
        public Builder authenticator(Authenticator authenticator) {
            authenticators.add(authenticator);
            return this;
        }

        /** Adds an authenticator that is asked when nobody else knows a caller, not even by a service account's token. */
        public Builder lastAuthenticator(Authenticator authenticator) {
            lastAuthenticators.add(authenticator);
            return this;
        }

        /** Who decides; by default {@link RbacAuthorizer}. */
        public Builder authorizer(Function<ObjectReader, Authorizer> factory) {
            authorizer = factory;
            return this;
        }

        /** Switches on a built-in admission plugin that is off by default, such as {@code NodeRestriction}. */
        public Builder withAdmission(String name) {
            enabledPlugins.add(name);
            return this;
        }

        /** What single admission plugins are told. */
        public Builder admissionConfiguration(AdmissionConfiguration value) {
            configuration = value;
            return this;
        }

        /** Switches off a built-in admission plugin, such as {@code ServiceAccount}. */
        public Builder withoutAdmission(String name) {
            disabledPlugins.add(name);
            return this;
        }

        /** Adds an admission plugin after the built-in ones and those added before. */
        public Builder admission(Function<ObjectReader, AdmissionPlugin> plugin) {
            plugins.add(plugin);
            return this;
        }

        /**
         * Where Services get their addresses from; by default {@code 127.96.0.0/12}.
         *
         * @param cidr an IPv4 range such as {@code 10.96.0.0/12}
         */
        public Builder serviceRange(String cidr) {
            serviceRange = cidr;
            return this;
        }

        /**
         * Does not serve a version of a group.
         *
         * @param groupVersion such as {@code extensions/v1beta1}
         */
        public Builder withoutVersion(String groupVersion) {
            catalogue = catalogue.withoutVersion(groupVersion);
            return this;
        }

        /** How often the store's history is compacted to what it was an interval ago; by default never, which zero means. */
        public Builder compactionInterval(Duration interval) {
            compactionInterval = interval;
            return this;
        }

        /** How long Events are kept after their last write, by default {@link #EVENT_TIME_TO_LIVE}; zero for always. */
        public Builder eventTimeToLive(Duration time) {
            eventTimeToLive = time;
            return this;
        }

        /** How service account tokens are issued and checked; by default with a key that is made when it is first needed. */
        public Builder tokens(TokenOptions options) {
            tokens = options;
            return this;
        }

        /** Which resources are encrypted in the store; by default none. */
        public Builder encryption(EncryptionConfiguration configuration) {
            encryption = configuration;
            return this;
        }

        /**
         * How other API servers may know this one's clients and this one itself: what the ConfigMap {@code
         * extension-apiserver-authentication} in {@code kube-system} holds. By default there is none.
         *
         * @param data asked once, when somebody first looks for it
         */
        public Builder clientTrust(Supplier<Map<String, String>> data) {
            clientTrust = data;
            return this;
        }

        /** Promises that no authenticator, authorizer or plugin that is given here ever waits for anything outside this process. */
        public Builder prompt() {
            prompt = true;
            return this;
        }

        /** Servers within this process that answer where webhooks or other API servers would be called. */
        public Builder localServers(LocalServers servers) {
            localServers = servers;
            return this;
        }

        /**
         * What this server shows to others that it calls in the name of its clients, made when it is first needed.
         *
         * @param keys a key and its certificate
         */
        public Builder proxyCertificate(Supplier<KeyManager @Nullable []> keys) {
            shown = keys;
            return this;
        }

        /** The server; not yet started. */
        public ApiServer build() {
            return new ApiServer(this);
        }
    }
}
