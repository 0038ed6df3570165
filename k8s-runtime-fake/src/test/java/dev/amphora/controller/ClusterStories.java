package dev.amphora.controller;

import static dev.amphora.controller.ControllerStory.SOON;
import static dev.amphora.controller.ControllerStory.create;
import static dev.amphora.controller.ControllerStory.delete;
import static dev.amphora.controller.ControllerStory.json;
import static dev.amphora.controller.ControllerStory.merge;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.amphora.api.Json;
import dev.amphora.api.ResourceType;
import dev.amphora.client.Patch;
import dev.amphora.store.Store;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.LoadBalancerIngress;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicy;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.networking.v1.ServiceCIDR;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimTemplate;
import io.fabric8.kubernetes.api.model.storage.VolumeAttributesClass;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;

/** {@linkplain ControllerStory Stories} of what a cluster's own affairs are: addresses, certificates, tokens, devices, classes. */
final class ClusterStories {
    private static final String KUBELET = "kubernetes.io/kube-apiserver-client-kubelet";
    private static final String CERTIFICATE_REQUEST = Base64.getEncoder()
            .encodeToString(CertificateSimulationTest.pem("system:nodes", "system:node:n1", "")
                    .getBytes(StandardCharsets.UTF_8));
    private static final String TRACKING = "kube-apiserver-legacy-service-account-token-tracking";
    private static final String ACCOUNT = "kubernetes.io/service-account.name";

    static final List<ControllerStory> ALL = List.of(
            new ControllerStory(
                    "addresses of nodes",
                    "node-ipam-controller",
                    world -> world.node("n4", "z"),
                    SOON,
                    world -> {
                        delete(world, Node.class, null, "n4", "Background");
                        world.node("n5", "z");
                    },
                    List.of(Node.class),
                    world -> List.of(distinct(
                            "ranges",
                            world.list(Node.class).stream().flatMap(node -> node.getSpec().getPodCIDRs().stream())))),
            new ControllerStory(
                    "devices by template",
                    "resourceclaim-controller",
                    world -> {
                        create(
                                world,
                                ResourceClaimTemplate.class,
                                "{'metadata':{'name':'gpu'},'spec':{'spec':{'devices':{'requests':[{'name':'one',"
                                        + "'exactly':{'deviceClassName':'gpu'}}]}}}}");
                        create(world, Pod.class, podWithDevice("p"));
                    },
                    SOON,
                    world -> create(world, Pod.class, podWithDevice("q")),
                    List.of(ResourceClaim.class, Pod.class)),
            new ControllerStory(
                    "certificates",
                    "certificatesigningrequest-approving-controller,certificatesigningrequest-signing-controller",
                    world -> {
                        request(world, "good", "'client auth','digital signature'");
                        request(world, "bad", "'client auth'");
                    },
                    SOON,
                    world -> decide(world, "bad", "Approved"),
                    List.of(CertificateSigningRequest.class)),
            new ControllerStory(
                    "certificates that nobody needs",
                    "certificatesigningrequest-cleaner-controller",
                    world -> {
                        for (String name : List.of("one", "two", "waiting")) {
                            request(world, name, "'client auth','digital signature'");
                        }
                        decide(world, "one", "Denied");
                        decide(world, "two", "Denied");
                    },
                    Duration.ofHours(8),
                    world -> {},
                    List.of(CertificateSigningRequest.class)),
            new ControllerStory(
                    "tokens of accounts",
                    "serviceaccount-token-controller",
                    world -> {
                        for (String name : List.of("robot", "machine")) {
                            create(world, ServiceAccount.class, "{'metadata':{'name':'" + name + "'}}");
                        }
                        for (String name : List.of("robot", "machine", "nobody")) {
                            create(world, Secret.class, tokenOf(name, ""));
                        }
                    },
                    SOON,
                    world -> delete(world, ServiceAccount.class, "default", "robot", "Background"),
                    List.of(Secret.class, ServiceAccount.class)),
            new ControllerStory(
                    "tokens that nobody uses",
                    "legacy-serviceaccount-token-cleaner-controller",
                    world -> {
                        ResourceType<ConfigMap> maps = ResourceType.of(ConfigMap.class);
                        world.client.get(maps, "kube-system", TRACKING);
                        world.client.patch(
                                maps,
                                "kube-system",
                                TRACKING,
                                Patch.merge(json("{'data':{'since':'2023-01-01'}}")),
                                null);
                        create(
                                world,
                                ServiceAccount.class,
                                "{'metadata':{'name':'robot'},'secrets':[{'name':'token-of-robot'},"
                                        + "{'name':'token-of-robot-1'},{'name':'token-of-robot-2'}]}");
                        create(world, Secret.class, tokenOf("robot", ""));
                        create(world, Secret.class, tokenOf("robot", "-1"));
                        create(world, Secret.class, tokenOf("robot", "-2"));
                        age(world, "token-of-robot-1", "{}");
                        age(world, "token-of-robot-2", "{'kubernetes.io/legacy-token-invalid-since':'2024-06-01'}");
                    },
                    Duration.ofDays(10),
                    world -> {},
                    List.of(Secret.class)),
            new ControllerStory(
                    "policies are looked at",
                    "validatingadmissionpolicy-status-controller",
                    world -> create(world, ValidatingAdmissionPolicy.class, policy("true")),
                    SOON,
                    world -> world.client.patch(
                            ResourceType.of(ValidatingAdmissionPolicy.class),
                            null,
                            "p",
                            Patch.merge(json(policy("1 == 1"))),
                            null),
                    List.of(ValidatingAdmissionPolicy.class),
                    world -> world.list(ValidatingAdmissionPolicy.class).stream()
                            .map(each -> each.getMetadata().getName() + " seen up to now: "
                                    + each.getMetadata()
                                            .getGeneration()
                                            .equals(each.getStatus().getObservedGeneration()))
                            .toList()),
            new ControllerStory(
                    "reached from outside",
                    "service-lb-controller",
                    world -> {
                        create(world, Service.class, balanced("one"));
                        create(world, Service.class, balanced("two"));
                        create(world, Service.class, balanced("three"));
                    },
                    SOON,
                    world -> {
                        merge(world, Service.class, "one", "{'spec':{'type':'ClusterIP'}}");
                        delete(world, Service.class, "default", "two", "Background");
                        create(world, Service.class, balanced("four"));
                    },
                    List.of(Service.class),
                    world -> List.of(distinct(
                            "addresses",
                            world.list(Service.class).stream()
                                    .filter(each -> each.getStatus().getLoadBalancer() != null)
                                    .flatMap(each -> each.getStatus().getLoadBalancer().getIngress().stream())
                                    .map(LoadBalancerIngress::getIp)))),
            new ControllerStory(
                    "ranges of services",
                    "service-cidr-controller",
                    world -> {
                        create(
                                world,
                                ServiceCIDR.class,
                                "{'metadata':{'name':'more'},'spec':{'cidrs':['10.5.0.0/24']}}");
                        create(
                                world,
                                ServiceCIDR.class,
                                "{'metadata':{'name':'most'},'spec':{'cidrs':['10.6.0.0/24']}}");
                    },
                    SOON,
                    world -> delete(world, ServiceCIDR.class, null, "more", "Background"),
                    List.of(ServiceCIDR.class)),
            new ControllerStory(
                    "a class of volumes in use",
                    "volumeattributesclass-protection-controller",
                    world -> {
                        create(
                                world,
                                VolumeAttributesClass.class,
                                "{'metadata':{'name':'fast'},'driverName':'example.com','parameters':{'iops':'100'}}");
                        create(
                                world,
                                PersistentVolumeClaim.class,
                                "{'metadata':{'name':'data'},'spec':{'accessModes':['ReadWriteOnce'],"
                                        + "'volumeAttributesClassName':'fast',"
                                        + "'resources':{'requests':{'storage':'1Gi'}}}}");
                        world.kernel.advance(SOON);
                        delete(world, VolumeAttributesClass.class, null, "fast", "Background");
                    },
                    SOON,
                    world -> {
                        merge(world, PersistentVolumeClaim.class, "data", "{'metadata':{'finalizers':null}}");
                        delete(world, PersistentVolumeClaim.class, "default", "data", "Background");
                    },
                    List.of(VolumeAttributesClass.class, PersistentVolumeClaim.class)),
            new ControllerStory(
                    "introduced by tokens",
                    "bootstrap-signer-controller,token-cleaner-controller",
                    world -> {
                        create(
                                world,
                                ConfigMap.class,
                                "{'metadata':{'namespace':'kube-public','name':'cluster-info'},"
                                        + "'data':{'kubeconfig':'who we are'}}");
                        create(world, Secret.class, bootstrap("abcdef", ""));
                        create(
                                world,
                                Secret.class,
                                bootstrap(
                                        "ghijkl",
                                        ",'expiration':'"
                                                + world.kernel.instant().plusSeconds(60) + "'"));
                    },
                    Duration.ofSeconds(90),
                    world -> create(world, Secret.class, bootstrap("mnopqr", "")),
                    List.of(ConfigMap.class, Secret.class)));

    private ClusterStories() {}

    /** All stories of controllers. */
    static Stream<ControllerStory> andAllOthers() {
        return Stream.of(ControllerStory.ALL, StorageStories.ALL, ALL).flatMap(List::stream);
    }

    private static String distinct(String what, Stream<String> given) {
        List<String> all = given.toList();
        return "%s: %d, %d of them different"
                .formatted(what, all.size(), all.stream().distinct().count());
    }

    private static String podWithDevice(String name) {
        return "{'metadata':{'name':'" + name + "','labels':{'app':'p'}},'spec':{'resourceClaims':[{'name':'gpu',"
                + "'resourceClaimTemplateName':'gpu'}],'containers':[{'name':'c','image':'img:1',"
                + "'resources':{'claims':[{'name':'gpu'}]}}]}}";
    }

    private static void request(ControllerWorld world, String name, String usages) {
        create(
                world,
                CertificateSigningRequest.class,
                "{'metadata':{'name':'" + name + "'},'spec':{'signerName':'" + KUBELET + "','request':'"
                        + CERTIFICATE_REQUEST + "','usages':[" + usages + "]}}");
    }

    private static void decide(ControllerWorld world, String name, String type) {
        ResourceType<CertificateSigningRequest> requests = ResourceType.of(CertificateSigningRequest.class);
        ObjectNode decided = Json.toTree(world.client.get(requests, null, name));
        decided.withObject("/status")
                .withArray("/conditions")
                .addObject()
                .put("type", type)
                .put("status", "True")
                .put("reason", "ByHand");
        world.client.subresource(requests, null, name, "approval", decided, true);
    }

    private static String tokenOf(String account, String suffix) {
        return "{'metadata':{'name':'token-of-" + account + suffix + "','annotations':{'" + ACCOUNT + "':'" + account
                + "'}},'type':'kubernetes.io/service-account-token'}";
    }

    /** Makes a secret older than a program could have made it, as if it came from another time. */
    private static void age(ControllerWorld world, String name, String labels) {
        String key = "/registry/secrets/default/" + name;
        Store.Entry entry = world.store.get(key).entry().orElseThrow();
        ObjectNode old = (ObjectNode) Json.read(entry.value());
        ObjectNode metadata = (ObjectNode) old.get("metadata");
        metadata.put("creationTimestamp", "2023-06-01T00:00:00Z");
        metadata.set("labels", json(labels));
        world.store.put(key, Json.write(old), entry.modRevision());
    }

    private static String policy(String expression) {
        return "{'metadata':{'name':'p'},'spec':{'matchConstraints':{'resourceRules':[{'apiGroups':[''],"
                + "'apiVersions':['v1'],'operations':['CREATE'],'resources':['pods']}]},"
                + "'validations':[{'expression':'" + expression + "'}]}}";
    }

    private static String balanced(String name) {
        return "{'metadata':{'name':'" + name + "'},'spec':{'type':'LoadBalancer','ports':[{'port':80}]}}";
    }

    private static String bootstrap(String id, String more) {
        return "{'metadata':{'namespace':'kube-system','name':'bootstrap-token-" + id
                + "'},'type':'bootstrap.kubernetes.io/token','stringData':{'token-id':'" + id
                + "','token-secret':'0123456789abcdef','usage-bootstrap-signing':'true'" + more + "}}";
    }
}
