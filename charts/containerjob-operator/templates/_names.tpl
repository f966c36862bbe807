{{/* Names, labels and images, each said once. */}}

{{- define "containerjob-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Short enough for a CronJob's limit of 52 with the longest ending that is used. */}}
{{- define "containerjob-operator.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 42 | trimSuffix "-" -}}
{{- end -}}

{{- define "containerjob-operator.account" -}}
{{- default (ternary (include "containerjob-operator.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "containerjob-operator.secret" -}}
{{ include "containerjob-operator.fullname" . }}-api-tls
{{- end -}}

{{- define "containerjob-operator.authority" -}}
{{ include "containerjob-operator.fullname" . }}-api-ca
{{- end -}}

{{- define "containerjob-operator.api" -}}
v1alpha1.subresources.containerjobs.io
{{- end -}}

{{/* The operator's Lease has one name in every installation: two releases in one namespace take turns. */}}
{{- define "containerjob-operator.lease" -}}
containerjob-operator
{{- end -}}

{{/* What a selector may look at: it can never be changed. Arguments: context, component. */}}
{{- define "containerjob-operator.selector" -}}
app.kubernetes.io/name: {{ include "containerjob-operator.name" .context }}
app.kubernetes.io/instance: {{ .context.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* All labels of an object. Arguments: context, component, and more labels as extra, which win over commonLabels. */}}
{{- define "containerjob-operator.labels" -}}
{{- $own := include "containerjob-operator.selector" . | fromYaml -}}
{{- $told := dict
  "helm.sh/chart" (printf "%s-%s" .context.Chart.Name .context.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/version" (.context.Chart.AppVersion | replace "+" "_" | trunc 63)
  "app.kubernetes.io/part-of" "containerjob-operator"
  "app.kubernetes.io/managed-by" .context.Release.Service -}}
{{- merge $own $told (default dict .extra) .context.Values.commonLabels | toYaml -}}
{{- end -}}

{{- define "containerjob-operator.image" -}}
{{- with .Values.image.registry }}{{ trimSuffix "/" . }}/{{ end -}}
{{- .Values.image.repository -}}
{{- if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ default (printf "%s%s" .Chart.AppVersion (ternary "-cloudrun" "" .Values.cloudRun.enabled)) .Values.image.tag }}{{ end -}}
{{- end -}}

{{/* Whether the hook and the CronJob make the log API's certificate; empty where not. */}}
{{- define "containerjob-operator.selfSigned" -}}
{{- if and .Values.logApi.enabled (not .Values.certManager.enabled) }}true{{ end -}}
{{- end -}}
