package dev.amphora.samples.examples.website;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Version;
import java.util.ArrayList;
import java.util.List;

/** A website: some pages, served by some copies of a web server. */
@Group("example.dev")
@Version("v1")
public final class Website extends CustomResource<Website.Spec, Website.Status> implements Namespaced {
    private static final long serialVersionUID = 1L;

    /** What its owner wishes. */
    public static final class Spec {
        public String html = "";
        public int replicas = 1;
    }

    /** How it is. */
    public static final class Status {
        public Long observedGeneration = 0L;
        public int readyReplicas;
        public List<Condition> conditions = new ArrayList<>();
    }

    @Override
    protected Spec initSpec() {
        return new Spec();
    }

    @Override
    protected Status initStatus() {
        return new Status();
    }
}
