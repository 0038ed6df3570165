package dev.amphora.apiserver.cel;

import dev.cel.common.types.CelType;
import dev.cel.common.types.SimpleType;
import java.util.List;

/** Functions that ask who may do what: {@code authorizer.group('').resource('pods').check('get').allowed()}. */
final class AccessFunctions {
    private static final CelType STRING = SimpleType.STRING;

    private AccessFunctions() {}

    /** A question that is being put together. */
    record Asked(AccessCheck check, AccessQuestion question) {
        Asked with(String part, String value) {
            return new Asked(check, question.with(part, value));
        }
    }

    static void addTo(CelFunctions functions) {
        part(functions, "path", Types.AUTHORIZER, Types.PATH_CHECK);
        part(functions, "group", Types.AUTHORIZER, Types.GROUP_CHECK);
        part(functions, "resource", Types.GROUP_CHECK, Types.RESOURCE_CHECK);
        for (String part : List.of("subresource", "namespace", "name")) {
            part(functions, part, Types.RESOURCE_CHECK, Types.RESOURCE_CHECK);
        }
        for (String selector : List.of("fieldSelector", "labelSelector")) {
            functions.member(
                    selector,
                    "authorizer_" + selector,
                    Types.RESOURCE_CHECK,
                    List.of(Types.RESOURCE_CHECK, STRING),
                    List.of(Asked.class, String.class),
                    a -> a[0]);
        }
        functions.member(
                "serviceAccount",
                "authorizer_service_account",
                Types.AUTHORIZER,
                List.of(Types.AUTHORIZER, STRING, STRING),
                List.of(Asked.class, String.class, String.class),
                a -> new Asked(((Asked) a[0]).check(), ((Asked) a[0]).question().of(a[1] + ":" + a[2])));
        check(functions, "path", Types.PATH_CHECK);
        check(functions, "resource", Types.RESOURCE_CHECK);
        answers(functions);
    }

    private static void part(CelFunctions functions, String name, CelType from, CelType to) {
        functions.member(
                name, "authorizer_" + name, to, List.of(from, STRING), List.of(Asked.class, String.class), a -> ((Asked)
                                a[0])
                        .with(name, (String) a[1]));
    }

    private static void check(CelFunctions functions, String what, CelType from) {
        functions.member(
                "check",
                what + "_check",
                Types.DECISION,
                List.of(from, STRING),
                List.of(Asked.class, String.class),
                a -> ((Asked) a[0])
                        .check()
                        .check(((Asked) a[0]).with("verb", (String) a[1]).question()));
    }

    private static void answers(CelFunctions functions) {
        List<CelType> decision = List.of(Types.DECISION);
        List<Class<?>> answer = List.of(AccessCheck.Answer.class);
        functions.member("allowed", "decision_allowed", SimpleType.BOOL, decision, answer, a -> of(a).allowed());
        functions.member("denied", "decision_denied", SimpleType.BOOL, decision, answer, a -> of(a).denied());
        functions.member("errored", "decision_errored", SimpleType.BOOL, decision, answer, a -> !of(a).error()
                .isEmpty());
        functions.member("reason", "decision_reason", STRING, decision, answer, a -> of(a).reason());
        functions.member("error", "decision_error", STRING, decision, answer, a -> of(a).error());
    }

    private static AccessCheck.Answer of(Object[] arguments) {
        return (AccessCheck.Answer) arguments[0];
    }
}
