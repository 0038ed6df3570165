#!/usr/bin/env python3
"""Writes the bootstrap policy, dev/amphora/apiserver/bootstrap-policy.gz.

    generate.py RECORDED_BOOTSTRAP OUTPUT

RECORDED_BOOTSTRAP is the recorded list of roles and bindings that the reference makes at start. The output is gzipped text, a line
for each object: group, plural, namespace (or nothing), name, and the JSON as the server stores it, separated by TABs. In the JSON
U+0001 stands for the uid and U+0002 for the time. Rules of aggregated roles are left out: they are gathered from other roles.
"""
import gzip
import json
import sys

GROUP = "rbac.authorization.k8s.io"
VERSION = GROUP + "/v1"
KINDS = [("clusterRoles", "ClusterRole"), ("clusterRoleBindings", "ClusterRoleBinding"), ("roles", "Role"), ("roleBindings", "RoleBinding")]


def owned(recorded, members):
    fields = {"f:metadata": {}}
    for part in ("annotations", "labels"):
        if part in recorded:
            fields["f:metadata"]["f:" + part] = {".": {}, **{"f:" + key: {} for key in sorted(recorded[part])}}
    for member in sorted(members):
        if members[member] is None:
            continue
        fields["f:" + member] = {".": {}, "f:clusterRoleSelectors": {}} if member == "aggregationRule" else {}
    return fields


def stored(recorded, kind):
    members = {}
    if kind.endswith("Role"):
        aggregated = "aggregationRule" in recorded
        members["rules"] = None if aggregated else recorded["rules"]
        if aggregated:
            members["aggregationRule"] = recorded["aggregationRule"]
    else:
        if "subjects" in recorded:
            members["subjects"] = recorded["subjects"]
        members["roleRef"] = recorded["roleRef"]
    metadata = {"name": recorded["name"]}
    if "namespace" in recorded:
        metadata["namespace"] = recorded["namespace"]
    metadata.update(uid="\x01", creationTimestamp="\x02", labels=recorded["labels"], annotations=recorded["annotations"])
    metadata["managedFields"] = [{
        "manager": "kube-apiserver", "operation": "Update", "apiVersion": VERSION, "time": "\x02", "fieldsType": "FieldsV1",
        "fieldsV1": owned(recorded, members)}]
    return {"kind": kind, "apiVersion": VERSION, "metadata": metadata, **members}


def main():
    with open(sys.argv[1]) as file:
        recorded = json.load(file)
    lines = []
    for group, kind in KINDS:
        for each in recorded[group]:
            text = json.dumps(stored(each, kind), separators=(",", ":"), ensure_ascii=False)
            text = text.replace("\\u0001", "\x01").replace("\\u0002", "\x02")
            lines.append("\t".join((GROUP, kind.lower() + "s", each.get("namespace", ""), each["name"], text)))
    with open(sys.argv[2], "wb") as out:
        with gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=0) as packed:
            packed.write("\n".join(lines).encode())


if __name__ == "__main__":
    main()
