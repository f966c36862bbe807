{{/* The programs that Helm runs, in the operator's image and each with permissions of its own. */}}

{{/* Arguments: context, on (Helm's events), weight, and keep: what ended well stays for its output. */}}
{{- define "containerjob-operator.hook" -}}
helm.sh/hook: {{ .on }}
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: {{ ternary "before-hook-creation" "before-hook-creation,hook-succeeded" (default false .keep) }}
{{- end -}}

{{/* The pod's spec. Arguments: context, program, arguments, account. */}}
{{- define "containerjob-operator.programPod" -}}
{{- $values := .context.Values -}}
serviceAccountName: {{ .account }}
automountServiceAccountToken: true
enableServiceLinks: false
restartPolicy: Never
{{ include "containerjob-operator.everyPod" (dict "context" .context) }}
containers:
  - name: {{ .program | replace "_" "-" }}
    image: {{ include "containerjob-operator.image" .context }}
    imagePullPolicy: {{ $values.image.pullPolicy }}
    command: [python, -m, containerjob_operator.hooks.{{ .program }}]
    args:
      {{- toYaml .arguments | nindent 6 }}
    resources:
      {{- toYaml $values.hooks.resources | nindent 6 }}
    securityContext:
      {{- toYaml $values.securityContext | nindent 6 }}
    volumeMounts:
      - name: tmp
        mountPath: /tmp
volumes:
  - name: tmp
    emptyDir: {}
{{- end -}}

{{/* A Job's spec. Arguments: as for the pod, and component. */}}
{{- define "containerjob-operator.programJob" -}}
backoffLimit: 2
activeDeadlineSeconds: {{ .context.Values.hooks.deadlineSeconds | int }}
ttlSecondsAfterFinished: 3600
template:
  metadata:
    labels:
      {{- include "containerjob-operator.labels" (dict "context" .context "component" .component "extra" dict) | nindent 6 }}
  spec:
    {{- include "containerjob-operator.programPod" . | nindent 4 }}
{{- end -}}

{{/* A program's account. Arguments: context, name, component, annotations. */}}
{{- define "containerjob-operator.programAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ .name }}
  namespace: {{ .context.Release.Namespace }}
  labels:
    {{- include "containerjob-operator.labels" (dict "context" .context "component" .component) | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end -}}

{{- define "containerjob-operator.certificateArguments" -}}
{{- $full := include "containerjob-operator.fullname" . -}}
- --namespace={{ .Release.Namespace }}
- --service={{ $full }}-api
- --secret={{ include "containerjob-operator.secret" . }}
- --authority-secret={{ include "containerjob-operator.authority" . }}
- --api-service={{ include "containerjob-operator.api" . }}
- --lifetime-days={{ .Values.logApi.certificate.lifetimeDays | int }}
- --authority-days={{ .Values.logApi.certificate.authorityDays | int }}
{{- end -}}

{{/* What the certificate's program may do in its namespace, and in the cluster. */}}
{{- define "containerjob-operator.certificateRules" -}}
here:
  - apiGroups: [""]
    resources: [secrets]
    resourceNames:
      - {{ include "containerjob-operator.secret" . }}
      - {{ include "containerjob-operator.authority" . }}
    verbs: [get, patch]
cluster:
  - apiGroups: [apiregistration.k8s.io]
    resources: [apiservices]
    resourceNames: [{{ include "containerjob-operator.api" . }}]
    verbs: [get, patch]
{{- end -}}
