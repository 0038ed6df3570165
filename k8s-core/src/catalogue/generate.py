#!/usr/bin/env python3
"""Writes the schema catalogue, dev/amphora/apiserver/schema/catalogue.gz.

    generate.py RECORDED_DISCOVERY OUTPUT

RECORDED_DISCOVERY is the folder with the recorded discovery and OpenAPI documents of the reference. Protocol field numbers,
and which fields are optional, are read from the struct tags of the same release's Go modules, fetched with `go mod download`.

The output is gzipped text. Line 1: the served resources in discovery order, separated by `;`. A resource is
`group version plural kind singular scope verbs shortNames categories storageVersionHash subresources`, lists joined by commas,
`-` for nothing, verbs as letters; a subresource is `name:kind:verbs`, then `:group:version` of its kind if they are others than
the resource's. Every other line is one definition:
name, TAB, its OpenAPI v3 schema as recorded, TAB, its fields in declaration order. A field is
`name number flags type`, separated by `;`. number: protocol field numbers joined by dots, several when the field
is embedded, then each after the embedding structure's name and a colon; `-` for none. flags: `p` pointer, `o` left out when empty, `z` left out when zero, `-` none of them. type: the Go type as error messages name it.
After another TAB come the kinds that the definition is, as `group/version/kind`, separated by `;`.
"""
import collections
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile

RELEASE = "v0.36.3"
HERE = os.path.dirname(os.path.abspath(__file__))
META = "io.k8s.apimachinery.pkg.apis.meta.v1."
# Messages that clients post or read in the protocol encoding but that no OpenAPI document shows.
EXTRA = [META + n for n in ("List", "CreateOptions", "UpdateOptions", "PatchOptions", "GetOptions", "ListOptions",
                            "PartialObjectMetadata", "PartialObjectMetadataList")] + [
    "io.k8s.api.core.v1." + n for n in ("PodLogOptions", "PodExecOptions", "PodAttachOptions", "PodPortForwardOptions",
                                        "PodProxyOptions", "NodeProxyOptions", "ServiceProxyOptions")]
KINDS = {name: ["/v1/" + name.rsplit(".", 1)[1]] for name in EXTRA + [META + "DeleteOptions", META + "WatchEvent"]}
KINDS[META + "PartialObjectMetadata"] = ["meta.k8s.io/v1/PartialObjectMetadata"]
KINDS[META + "PartialObjectMetadataList"] = ["meta.k8s.io/v1/PartialObjectMetadataList"]
LEGACY = "io.k8s.api.extensions.v1beta1."
VERBS = {"create": "c", "delete": "d", "deletecollection": "D", "get": "g", "list": "l", "patch": "p", "update": "u", "watch": "w"}
SCALARS = {"string": {"type": "string"}, "bool": {"type": "boolean"},
           "int32": {"type": "integer", "format": "int32"}, "int64": {"type": "integer", "format": "int64"},
           "int": {"type": "integer", "format": "int32"}, "float64": {"type": "number", "format": "double"},
           "[]byte": {"type": "string", "format": "byte"}}


def definition(go_type):
    package, name = go_type.rsplit(".", 1)
    for go, openapi in (("k8s.io/api/", "io.k8s.api."), ("k8s.io/apimachinery/", "io.k8s.apimachinery."),
                        ("k8s.io/apiextensions-apiserver/", "io.k8s.apiextensions-apiserver."),
                        ("k8s.io/kube-aggregator/", "io.k8s.kube-aggregator.")):
        if package.startswith(go):
            return openapi + package[len(go):].replace("/", ".") + "." + name
    return package + "." + name


def read_structs():
    """definition name -> [(json name, options, number, go type)], and definition name -> underlying type."""
    with tempfile.TemporaryDirectory() as work:
        with open(os.path.join(work, "go.mod"), "w") as out:
            out.write("module facts\ngo 1.20\n")
        arguments = []
        for module in ("api", "apimachinery", "apiextensions-apiserver", "kube-aggregator"):
            answer = subprocess.run(["go", "mod", "download", "-json", f"k8s.io/{module}@{RELEASE}"], cwd=work, check=True,
                                    stdout=subprocess.PIPE).stdout
            root = json.loads(answer)["Dir"]
            for folder, _, files in sorted(os.walk(root)):
                package = f"k8s.io/{module}" + folder[len(root):]
                served = re.search(r"/(v1|v2)$", package) or "extensions/v1beta1" in package or re.search(
                    r"apimachinery/pkg/(runtime|api/resource|util/intstr|version|types)$", package)
                if served and any(f.endswith(".go") for f in files) and "testdata" not in package \
                        and "/client" not in package and "/applyconfiguration" not in package:
                    arguments.append(f"{folder}={package}")
        lines = subprocess.run(["go", "run", os.path.join(HERE, "structs.go"), *arguments], check=True,
                               stdout=subprocess.PIPE, text=True).stdout.splitlines()
    structs, aliases = collections.OrderedDict(), {}
    for line in lines:
        package, owner, name, options, number, go_type = line.split("\t")
        if name:
            structs.setdefault(definition(package + "." + owner), []).append((name, options.split(","), number, go_type))
        else:
            aliases[definition(package + "." + owner)] = go_type
    return structs, aliases


def flatten(structs, name, numbers=()):
    """The fields of a struct with the embedded ones in their place."""
    for json_name, options, number, go_type in structs.get(name, ()):
        path = numbers + ((number,) if number else ())
        if go_type.endswith("meta/v1.TypeMeta"):
            # Kind and version travel in the envelope.
            for name in ("kind", "apiVersion"):
                yield name, ["omitempty"], (), "string"
        elif "inline" in options:
            outer = path[:-1] + (short(go_type).rsplit(".", 1)[1] + ":" + number,)
            yield from flatten(structs, definition(go_type.lstrip("*")), outer)
        elif not json_name.startswith("-"):
            yield json_name, options, path if number else (), go_type


def short(go_type):
    return re.sub(r"[\w./-]*/([\w-]+\.\w+)", r"\1", go_type.lstrip("*"))


def fields(structs, name):
    result = []
    for json_name, options, path, go_type in flatten(structs, name):
        flags = ("p" if go_type.startswith("*") else "") + ("o" if "omitempty" in options else "") \
            + ("z" if "omitzero" in options else "")
        result.append(f"{json_name} {'.'.join(path) or '-'} {flags or '-'} {short(go_type)}")
    return ";".join(result)


def schema_of(structs, aliases, known, go_type):
    go_type = go_type.lstrip("*")
    if go_type in SCALARS:
        return dict(SCALARS[go_type])
    if go_type.startswith("[]"):
        return {"type": "array", "items": schema_of(structs, aliases, known, go_type[2:])}
    if go_type.startswith("map["):
        return {"type": "object", "additionalProperties": schema_of(structs, aliases, known, go_type.split("]", 1)[1])}
    name = definition(go_type)
    if name in known or name in structs and name not in aliases:
        return {"allOf": [{"$ref": "#/components/schemas/" + name}]}
    return schema_of(structs, aliases, known, aliases[name])


def object_schema(structs, aliases, known, name):
    properties = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}} \
        if any(t.endswith("meta/v1.TypeMeta") for _, _, _, t in structs[name]) else {}
    for json_name, options, _, go_type in flatten(structs, name):
        if json_name not in properties:
            properties[json_name] = schema_of(structs, aliases, known, go_type)
    return {"type": "object", "properties": dict(sorted(properties.items()))}


def legacy(structs, aliases, schemas):
    """extensions/v1beta1 as far as Deployments need it: the apps/v1 schemas, and what only the old version has."""
    result = {}
    for name in ("Deployment", "DeploymentList", "DeploymentSpec", "DeploymentStatus", "DeploymentStrategy",
                 "DeploymentCondition", "RollingUpdateDeployment"):
        text = json.dumps(schemas["io.k8s.api.apps.v1." + name])
        schema = json.loads(text.replace("io.k8s.api.apps.v1.", LEGACY).replace(
            '"group": "apps"', '"group": "extensions"').replace('"version": "v1"', '"version": "v1beta1"'))
        result[LEGACY + name] = schema
    result[LEGACY + "DeploymentSpec"]["required"] = ["template"]
    result[LEGACY + "DeploymentSpec"]["properties"]["rollbackTo"] = {
        "allOf": [{"$ref": "#/components/schemas/" + LEGACY + "RollbackConfig"}]}
    for name in ("RollbackConfig", "DeploymentRollback", "Scale", "ScaleSpec", "ScaleStatus"):
        result[LEGACY + name] = object_schema(structs, aliases, schemas, LEGACY + name)
    for name in ("DeploymentRollback", "Scale"):
        result[LEGACY + name]["x-kubernetes-group-version-kind"] = [
            {"group": "extensions", "version": "v1beta1", "kind": name}]
    return result


def read(root, *path):
    with open(os.path.join(root, *path)) as file:
        return json.load(file)


def resources(root):
    """The served resources, in discovery order; aggregated discovery tells all but the storage version hashes."""
    result = []
    for document in ("api_v2.json", "apis_v2.json"):
        for group in read(root, "aggregated", document)["items"]:
            name = group["metadata"].get("name", "")
            for version in group["versions"]:
                legacy_list = read(root, "resources", ("apis_" + name if name else "api") + "_" + version["version"] + ".json")
                hashes = {r["name"]: r["storageVersionHash"] for r in legacy_list["resources"] if "storageVersionHash" in r}
                for r in version["resources"]:
                    result.append({**r, "group": name, "version": version["version"], "hash": hashes.get(r["resource"])})
    return result


def legacy_resource(served):
    """extensions/v1beta1: the last group, without short names and categories, so that plain names mean apps."""
    deployment = dict(next(r for r in served if r["group"] == "apps" and r["resource"] == "deployments"))
    for key in ("shortNames", "categories", "hash"):
        deployment[key] = None
    deployment.update(group="extensions", version="v1beta1", subresources=[
        {"subresource": "rollback", "responseKind": {"kind": "DeploymentRollback"}, "verbs": ["create"]},
        {"subresource": "scale", "responseKind": {"kind": "Scale"}, "verbs": ["get", "patch", "update"]},
        {"subresource": "status", "responseKind": {"kind": "Deployment"}, "verbs": ["get", "patch", "update"]}])
    return deployment


def resource_text(r):
    def verbs(of):
        return "".join(VERBS[v] for v in of["verbs"])

    def subresource(s):
        kind = s["responseKind"]
        other = [kind["group"], kind["version"]] if kind.get("group") else []
        return ":".join([s["subresource"], kind["kind"], verbs(s), *other])

    return " ".join([r["group"] or "-", r["version"], r["resource"], r["responseKind"]["kind"], r["singularResource"] or "-",
                     r["scope"], verbs(r), ",".join(r.get("shortNames") or ["-"]), ",".join(r.get("categories") or ["-"]),
                     r["hash"] or "-", ",".join(map(subresource, r.get("subresources") or ())) or "-"])


def main():
    recorded, output = sys.argv[1:]
    structs, aliases = read_structs()
    schemas = read(recorded, "openapi-v3", "schemas.json")
    for name, variants in read(recorded, "openapi-v3", "schemas-differing.json").items():
        # DeleteOptions and WatchEvent name the kinds of the document they stand in; the documents are built without them.
        schemas[name] = {k: v for k, v in next(iter(variants.values())).items() if k != "x-kubernetes-group-version-kind"}
    for name in EXTRA:
        schemas[name] = object_schema(structs, aliases, schemas, name)
    schemas.update(legacy(structs, aliases, schemas))
    served = resources(recorded)
    served.append(legacy_resource(served))
    compact = {"separators": (",", ":"), "ensure_ascii": False}
    lines = [";".join(map(resource_text, served))]
    for name in sorted(schemas):
        properties = set(schemas[name].get("properties", ())) - {"apiVersion", "kind"}
        text = fields(structs, name)
        declared = {f.split(" ")[0] for f in text.split(";") if f} - {"apiVersion", "kind"}
        if properties - declared:
            print("not declared:", name, sorted(properties - declared), file=sys.stderr)
        kinds = [f"{k['group']}/{k['version']}/{k['kind']}" for k in schemas[name].get("x-kubernetes-group-version-kind", ())]
        lines.append("\t".join((name, json.dumps(schemas[name], **compact), text, ";".join(kinds or KINDS.get(name, ())))))
    data = "\n".join(lines).encode()
    with open(output, "wb") as out:
        out.write(gzip.compress(data, 9, mtime=0))
    print(f"{len(schemas)} definitions, {len(data)} bytes, {os.path.getsize(output)} compressed")


if __name__ == "__main__":
    main()
