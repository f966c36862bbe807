{{/* The operator's pod, for the Deployment and for the Job of operator.once. */}}

{{/* Every value operator.* is an option of the program: lists have an option for each element, named in the singular. */}}
{{- define "containerjob-operator.options" -}}
{{- range $name, $value := .Values.operator }}
{{- $option := printf "--%s" (kebabcase $name) }}
{{- if kindIs "slice" $value }}
{{- range $value }}
- {{ printf "%s=%s" (trimSuffix "s" $option) . | quote }}
{{- end }}
{{- else if kindIs "bool" $value }}
{{- if $value }}
- {{ $option }}
{{- end }}
{{- else if kindIs "string" $value }}
- {{ printf "%s=%s" $option $value }}
{{- else if not (kindIs "invalid" $value) }}
- {{ printf "%s=%s" $option (toJson $value) }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "containerjob-operator.podTemplate" -}}
{{- $labels := dict "context" . "component" "operator" "extra" .Values.podLabels -}}
metadata:
  labels:
    {{- include "containerjob-operator.labels" $labels | nindent 4 }}
  annotations:
    kubectl.kubernetes.io/default-container: operator
    {{- with omit .Values.podAnnotations "kubectl.kubernetes.io/default-container" }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "containerjob-operator.account" . }}
  automountServiceAccountToken: true
  enableServiceLinks: false
  {{- $joined := and .Values.dockerSocket.enabled (not (kindIs "invalid" .Values.dockerSocket.group)) }}
  {{- $groups := ternary (list .Values.dockerSocket.group) list $joined }}
  {{- include "containerjob-operator.everyPod" (dict "context" . "groups" $groups) | nindent 2 }}
  {{- $priority := default (ternary (include "containerjob-operator.fullname" .) "" .Values.priorityClass.create) .Values.priorityClassName }}
  {{- with $priority }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .Values.runtimeClassName }}
  runtimeClassName: {{ . }}
  {{- end }}
  {{- if .Values.hostNetwork }}
  hostNetwork: true
  {{- end }}
  dnsPolicy: {{ default (ternary "ClusterFirstWithHostNet" "ClusterFirst" .Values.hostNetwork) .Values.dnsPolicy }}
  {{- with .Values.dnsConfig }}
  dnsConfig:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.hostAliases }}
  hostAliases:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- range . }}
    {{- $selector := dict "matchLabels" (include "containerjob-operator.selector" (dict "context" $ "component" "operator") | fromYaml) }}
    - {{- ternary . (merge (dict "labelSelector" $selector) .) (hasKey . "labelSelector") | toYaml | nindent 6 }}
    {{- end }}
  {{- end }}
  # As long as the operator takes to drain, and a little more.
  terminationGracePeriodSeconds: {{ default (add (ceil .Values.operator.shutdownTimeout) 15) .Values.terminationGracePeriodSeconds | int }}
  {{- with .Values.initContainers }}
  initContainers:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: operator
      {{- include "containerjob-operator.container" . | nindent 6 }}
    {{- with .Values.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    - name: tmp
      emptyDir: {}
    {{- if .Values.logApi.enabled }}
    - name: api-tls
      secret:
        secretName: {{ include "containerjob-operator.secret" . }}
        defaultMode: 288 # 0440
    {{- end }}
    {{- if .Values.dockerSocket.enabled }}
    - name: docker-socket
      hostPath:
        path: {{ default .Values.dockerSocket.path .Values.dockerSocket.folder }}
        type: {{ ternary "Directory" "Socket" (not (empty .Values.dockerSocket.folder)) }}
    {{- end }}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{/* What all pods of the chart have: the operator's, the hooks' and the test's. Arguments: context, groups to join. */}}
{{- define "containerjob-operator.everyPod" -}}
{{- $values := .context.Values -}}
securityContext:
  {{- $security := deepCopy $values.podSecurityContext }}
  {{- with .groups }}
  {{- $_ := set $security "supplementalGroups" (concat (default list $security.supplementalGroups) .) }}
  {{- end }}
  {{- toYaml $security | nindent 2 }}
{{- with $values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "containerjob-operator.container" -}}
image: {{ include "containerjob-operator.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args:
  - --http-port={{ .Values.http.port | int }}
  {{- if .Values.logApi.enabled }}
  - --api-port={{ .Values.logApi.port | int }}
  - --api-cert-file=/etc/containerjob/api-tls/tls.crt
  - --api-key-file=/etc/containerjob/api-tls/tls.key
  {{- end }}
  {{- include "containerjob-operator.options" . | trim | nindent 2 }}
  {{- with .Values.extraArgs }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
env:
  - name: POD_NAME
    valueFrom:
      fieldRef:
        fieldPath: metadata.name
  - name: POD_NAMESPACE
    valueFrom:
      fieldRef:
        fieldPath: metadata.namespace
  {{- range .Values.extraEnv }}
  {{- if has .name (list "POD_NAME" "POD_NAMESPACE") }}
  {{- fail (printf "extraEnv: %s is set by the chart: remove it" .name) }}
  {{- end }}
  - {{- toYaml . | nindent 4 }}
  {{- end }}
{{- with .Values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
ports:
  - name: http
    containerPort: {{ .Values.http.port | int }}
  {{- if .Values.logApi.enabled }}
  - name: api
    containerPort: {{ .Values.logApi.port | int }}
  {{- end }}
{{- if not .Values.operator.once }}
startupProbe:
  {{- merge (dict "httpGet" (dict "path" "/healthz" "port" "http")) .Values.startupProbe | toYaml | nindent 2 }}
livenessProbe:
  {{- merge (dict "httpGet" (dict "path" "/healthz" "port" "http")) .Values.livenessProbe | toYaml | nindent 2 }}
readinessProbe:
  {{- merge (dict "httpGet" (dict "path" "/readyz" "port" "http")) .Values.readinessProbe | toYaml | nindent 2 }}
{{- end }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
volumeMounts:
  - name: tmp
    mountPath: /tmp
  {{- if .Values.logApi.enabled }}
  - name: api-tls
    mountPath: /etc/containerjob/api-tls
    readOnly: true
  {{- end }}
  {{- if .Values.dockerSocket.enabled }}
  - name: docker-socket
    mountPath: {{ default .Values.dockerSocket.path .Values.dockerSocket.folder }}
  {{- end }}
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}
