package dev.amphora.apiserver.cel;

/**
 * Who may do what, as an expression asks.
 *
 * @param serviceAccount {@code namespace:name} of the account that is asked about; empty for the user of the request
 * @param path set for a question about a path of the server, empty for one about a resource
 * @param verb what is to be done
 */
public record AccessQuestion(
        String serviceAccount,
        String path,
        String group,
        String resource,
        String subresource,
        String namespace,
        String name,
        String verb) {

    static final AccessQuestion NOTHING = new AccessQuestion("", "", "", "", "", "", "", "");

    AccessQuestion of(String account) {
        return new AccessQuestion(account, path, group, resource, subresource, namespace, name, verb);
    }

    AccessQuestion with(String part, String value) {
        return new AccessQuestion(
                serviceAccount,
                part.equals("path") ? value : path,
                part.equals("group") ? value : group,
                part.equals("resource") ? value : resource,
                part.equals("subresource") ? value : subresource,
                part.equals("namespace") ? value : namespace,
                part.equals("name") ? value : name,
                part.equals("verb") ? value : verb);
    }
}
