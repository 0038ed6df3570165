package dev.amphora.apiserver.cel;

import com.google.common.collect.ImmutableList;
import dev.cel.common.CelFunctionDecl;
import dev.cel.common.CelOverloadDecl;
import dev.cel.common.types.CelType;
import dev.cel.common.types.ListType;
import dev.cel.common.types.MapType;
import dev.cel.common.types.OptionalType;
import dev.cel.common.types.SimpleType;
import dev.cel.common.types.TypeParamType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The functions that expressions may call besides the language's own, in every place of the API. */
final class Functions {
    private static final CelType STRING = SimpleType.STRING;
    private static final CelType INT = SimpleType.INT;
    private static final CelType BOOL = SimpleType.BOOL;
    private static final CelType STRINGS = ListType.create(STRING);
    private static final CelType T = TypeParamType.create("T");
    private static final CelType LIST = ListType.create(T);

    private final Map<String, List<CelOverloadDecl>> overloads = new LinkedHashMap<>();

    private Functions() {}

    static ImmutableList<CelFunctionDecl> all() {
        Functions functions = new Functions();
        functions.authorizer();
        functions.strings();
        functions.lists();
        functions.urls();
        functions.addresses();
        functions.quantities();
        functions.versions();
        functions.formats();
        return functions.overloads.entrySet().stream()
                .map(entry -> CelFunctionDecl.newFunctionDeclaration(entry.getKey(), entry.getValue()))
                .collect(ImmutableList.toImmutableList());
    }

    private void authorizer() {
        member("path", Types.PATH_CHECK, Types.AUTHORIZER, STRING);
        member("group", Types.GROUP_CHECK, Types.AUTHORIZER, STRING);
        member("serviceAccount", Types.AUTHORIZER, Types.AUTHORIZER, STRING, STRING);
        member("resource", Types.RESOURCE_CHECK, Types.GROUP_CHECK, STRING);
        for (String part : List.of("subresource", "namespace", "name", "fieldSelector", "labelSelector")) {
            member(part, Types.RESOURCE_CHECK, Types.RESOURCE_CHECK, STRING);
        }
        member("check", Types.DECISION, Types.PATH_CHECK, STRING);
        member("check", Types.DECISION, Types.RESOURCE_CHECK, STRING);
        for (String answer : List.of("allowed", "denied", "errored")) {
            member(answer, BOOL, Types.DECISION);
        }
        member("reason", STRING, Types.DECISION);
        member("error", STRING, Types.DECISION);
    }

    private void strings() {
        member("charAt", STRING, STRING, INT);
        for (String search : List.of("indexOf", "lastIndexOf")) {
            member(search, INT, STRING, STRING);
            member(search, INT, STRING, STRING, INT);
        }
        member("join", STRING, STRINGS);
        member("join", STRING, STRINGS, STRING);
        for (String change : List.of("lowerAscii", "upperAscii", "trim")) {
            member(change, STRING, STRING);
        }
        member("replace", STRING, STRING, STRING, STRING);
        member("replace", STRING, STRING, STRING, STRING, INT);
        member("split", STRINGS, STRING, STRING);
        member("split", STRINGS, STRING, STRING, INT);
        member("substring", STRING, STRING, INT);
        member("substring", STRING, STRING, INT, INT);
        member("format", STRING, STRING, ListType.create(SimpleType.DYN));
        global("strings.quote", STRING, STRING);
        member("find", STRING, STRING, STRING);
        member("findAll", STRINGS, STRING, STRING);
        member("findAll", STRINGS, STRING, STRING, INT);
        global("jsonpatch.escapeKey", STRING, STRING);
    }

    private void lists() {
        member("isSorted", BOOL, LIST);
        for (String fold : List.of("sum", "min", "max")) {
            member(fold, T, LIST);
        }
        member("indexOf", INT, LIST, T);
        member("lastIndexOf", INT, LIST, T);
        for (String relation : List.of("sets.contains", "sets.equivalent", "sets.intersects")) {
            global(relation, BOOL, LIST, LIST);
        }
    }

    private void urls() {
        global("url", Types.URL, STRING);
        global("isURL", BOOL, STRING);
        for (String part : List.of("getScheme", "getHost", "getHostname", "getPort", "getEscapedPath")) {
            member(part, STRING, Types.URL);
        }
        member("getQuery", MapType.create(STRING, STRINGS), Types.URL);
    }

    private void addresses() {
        global("ip", Types.IP, STRING);
        global("isIP", BOOL, STRING);
        global("ip.isCanonical", BOOL, STRING);
        member("family", INT, Types.IP);
        for (String test : List.of(
                "isUnspecified", "isLoopback", "isLinkLocalMulticast", "isLinkLocalUnicast", "isGlobalUnicast")) {
            member(test, BOOL, Types.IP);
        }
        global("string", STRING, Types.IP);
        global("string", STRING, Types.CIDR);
        global("cidr", Types.CIDR, STRING);
        global("isCIDR", BOOL, STRING);
        member("containsIP", BOOL, Types.CIDR, STRING);
        member("containsIP", BOOL, Types.CIDR, Types.IP);
        member("containsCIDR", BOOL, Types.CIDR, STRING);
        member("containsCIDR", BOOL, Types.CIDR, Types.CIDR);
        member("ip", Types.IP, Types.CIDR);
        member("masked", Types.CIDR, Types.CIDR);
        member("prefixLength", INT, Types.CIDR);
    }

    private void quantities() {
        global("quantity", Types.QUANTITY, STRING);
        global("isQuantity", BOOL, STRING);
        member("isInteger", BOOL, Types.QUANTITY);
        member("asInteger", INT, Types.QUANTITY);
        member("asApproximateFloat", SimpleType.DOUBLE, Types.QUANTITY);
        member("sign", INT, Types.QUANTITY);
        for (String sum : List.of("add", "sub")) {
            member(sum, Types.QUANTITY, Types.QUANTITY, Types.QUANTITY);
            member(sum, Types.QUANTITY, Types.QUANTITY, INT);
        }
        compared(Types.QUANTITY);
    }

    private void versions() {
        for (String name : List.of("semver", "isSemver")) {
            CelType result = name.equals("semver") ? Types.SEMVER : BOOL;
            global(name, result, STRING);
            global(name, result, STRING, BOOL);
        }
        for (String part : List.of("major", "minor", "patch")) {
            member(part, INT, Types.SEMVER);
        }
        compared(Types.SEMVER);
    }

    private void compared(CelType type) {
        member("compareTo", INT, type, type);
        member("isGreaterThan", BOOL, type, type);
        member("isLessThan", BOOL, type, type);
    }

    private void formats() {
        global("format.named", OptionalType.create(Types.FORMAT), STRING);
        member("validate", OptionalType.create(STRINGS), Types.FORMAT, STRING);
        for (String name : List.of(
                "dns1123Label",
                "dns1123Subdomain",
                "dns1035Label",
                "qualifiedName",
                "dns1123LabelPrefix",
                "dns1123SubdomainPrefix",
                "dns1035LabelPrefix",
                "labelValue",
                "uri",
                "uuid",
                "byte",
                "date",
                "datetime")) {
            global("format." + name, Types.FORMAT);
        }
    }

    private void global(String name, CelType result, CelType... arguments) {
        overload(name).add(CelOverloadDecl.newGlobalOverload(id(name), result, arguments));
    }

    private void member(String name, CelType result, CelType... arguments) {
        overload(name).add(CelOverloadDecl.newMemberOverload(id(name), result, arguments));
    }

    private List<CelOverloadDecl> overload(String name) {
        return overloads.computeIfAbsent(name, key -> new ArrayList<>());
    }

    private String id(String name) {
        return "k8s_" + name.replace('.', '_') + "_" + overload(name).size();
    }
}
