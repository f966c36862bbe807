{{/* Pieces of roles and bindings. Every rule of the operator and of people stands in files/roles.yaml, once. */}}

{{- define "containerjob-operator.rules" -}}
{{ .Files.Get "files/roles.yaml" }}
{{- end -}}

{{/* Arguments: context, kind, name, namespace (none for a cluster's), role, account, component, annotations. */}}
{{- define "containerjob-operator.binding" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ ternary "RoleBinding" "ClusterRoleBinding" (hasKey . "namespace") }}
{{ include "containerjob-operator.rbacMetadata" . }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .role }}
subjects:
  - kind: ServiceAccount
    name: {{ .account }}
    namespace: {{ .context.Release.Namespace }}
{{- end -}}

{{/* Arguments: context, name, namespace (none for a cluster's), rules, component, annotations, labels. */}}
{{- define "containerjob-operator.role" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ ternary "Role" "ClusterRole" (hasKey . "namespace") }}
{{ include "containerjob-operator.rbacMetadata" . }}
rules:
  {{- toYaml .rules | nindent 2 }}
{{- end -}}

{{- define "containerjob-operator.rbacMetadata" -}}
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- $labels := dict "context" .context "component" (default "operator" .component) "extra" (default dict .labels) }}
    {{- include "containerjob-operator.labels" $labels | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* A role in a namespace, or in the cluster, and its binding. Arguments as for both. */}}
{{- define "containerjob-operator.granted" -}}
{{ include "containerjob-operator.role" . }}
---
{{ include "containerjob-operator.binding" (merge (dict "kind" (ternary "Role" "ClusterRole" (hasKey . "namespace")) "role" .name) .) }}
{{- end -}}
