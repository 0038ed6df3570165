package dev.amphora.rest;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.amphora.apiserver.schema.SchemaCatalogue;
import io.kubernetes.client.proto.IntStr;
import io.kubernetes.client.proto.Meta;
import io.kubernetes.client.proto.Resource;
import io.kubernetes.client.proto.Runtime;
import io.kubernetes.client.proto.V1;
import io.kubernetes.client.proto.V1Admissionregistration;
import io.kubernetes.client.proto.V1Apiextensions;
import io.kubernetes.client.proto.V1Apps;
import io.kubernetes.client.proto.V1Authentication;
import io.kubernetes.client.proto.V1Authorization;
import io.kubernetes.client.proto.V1Autoscaling;
import io.kubernetes.client.proto.V1Batch;
import io.kubernetes.client.proto.V1Certificates;
import io.kubernetes.client.proto.V1Coordination;
import io.kubernetes.client.proto.V1Discovery;
import io.kubernetes.client.proto.V1Events;
import io.kubernetes.client.proto.V1Flowcontrol;
import io.kubernetes.client.proto.V1Networking;
import io.kubernetes.client.proto.V1Node;
import io.kubernetes.client.proto.V1Policy;
import io.kubernetes.client.proto.V1Rbac;
import io.kubernetes.client.proto.V1Scheduling;
import io.kubernetes.client.proto.V1Storage;
import io.kubernetes.client.proto.V1beta1Extensions;
import io.kubernetes.client.proto.V2Autoscaling;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The binary form as the official Java client's messages know it, which were made independently from the reference's own description. */
final class OtherProtobuf {
    private static final byte[] MAGIC = {'k', '8', 's', 0};
    private static final Map<String, Descriptor> MESSAGES = messages();

    private OtherProtobuf() {}

    /** An encoded object read and written again by the other description; the same bytes if it doesn't know the kind. */
    static byte[] rewritten(byte[] encoded, String apiVersion, String kind) {
        int slash = apiVersion.indexOf('/');
        String group = slash < 0 ? "" : apiVersion.substring(0, slash);
        String name = SchemaCatalogue.builtIn()
                .type(group, apiVersion.substring(slash + 1), kind)
                .name();
        Descriptor message = MESSAGES.get(name.replace("io.k8s.api.", "k8s.io.api.")
                .replace("io.k8s.apimachinery.", "k8s.io.apimachinery.")
                .replace("io.k8s.apiextensions-apiserver.", "k8s.io.apiextensions_apiserver."));
        if (message == null) {
            return encoded;
        }
        try {
            Runtime.Unknown envelope =
                    Runtime.Unknown.parseFrom(Arrays.copyOfRange(encoded, MAGIC.length, encoded.length));
            DynamicMessage read = DynamicMessage.parseFrom(message, envelope.getRaw());
            refuseUnknown(read, name);
            ByteString again = envelope.toBuilder()
                    .setRaw(DynamicMessage.parseFrom(message, read.toByteString())
                            .toByteString())
                    .build()
                    .toByteString();
            return ByteString.copyFrom(MAGIC).concat(again).toByteArray();
        } catch (InvalidProtocolBufferException e) {
            throw new AssertionError(name, e);
        }
    }

    private static void refuseUnknown(Message message, String where) {
        if (!message.getUnknownFields().asMap().isEmpty()) {
            throw new AssertionError("unknown fields " + message.getUnknownFields() + " in " + where);
        }
        message.getAllFields().forEach((field, value) -> {
            if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                Iterable<?> values = field.isRepeated() ? (Iterable<?>) value : java.util.List.of(value);
                values.forEach(v -> refuseUnknown((Message) v, where + "." + field.getName()));
            }
        });
    }

    private static Map<String, Descriptor> messages() {
        Map<String, Descriptor> result = new TreeMap<>();
        Stream.of(
                        IntStr.getDescriptor(),
                        Meta.getDescriptor(),
                        Resource.getDescriptor(),
                        Runtime.getDescriptor(),
                        V1.getDescriptor(),
                        V1Admissionregistration.getDescriptor(),
                        V1Apiextensions.getDescriptor(),
                        V1Apps.getDescriptor(),
                        V1Authentication.getDescriptor(),
                        V1Authorization.getDescriptor(),
                        V1Autoscaling.getDescriptor(),
                        V1Batch.getDescriptor(),
                        V1Certificates.getDescriptor(),
                        V1Coordination.getDescriptor(),
                        V1Discovery.getDescriptor(),
                        V1Events.getDescriptor(),
                        V1Flowcontrol.getDescriptor(),
                        V1Networking.getDescriptor(),
                        V1Node.getDescriptor(),
                        V1Policy.getDescriptor(),
                        V1Rbac.getDescriptor(),
                        io.kubernetes.client.proto.V1Resource.getDescriptor(),
                        V1Scheduling.getDescriptor(),
                        V1Storage.getDescriptor(),
                        V1beta1Extensions.getDescriptor(),
                        V2Autoscaling.getDescriptor())
                .flatMap(file -> file.getMessageTypes().stream())
                .forEach(message -> result.put(message.getFullName(), message));
        return result;
    }
}
