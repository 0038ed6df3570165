package dev.amphora.apiserver.strategy;

import java.util.List;

/** Roles and their bindings: their names may hold anything that fits into a path. */
final class RbacStrategy extends KindStrategy {

    @Override
    List<String> names(String name) {
        return Names.pathSegment(name);
    }

    @Override
    public boolean createOnUpdate() {
        return true;
    }
}
