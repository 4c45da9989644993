{{- define "tokenstate.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* What a selector is made of; it may never change. Given: root, component. */}}
{{- define "tokenstate.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* Of a pod: nothing that a new version of the chart alone would change, for that would start every pod anew. */}}
{{- define "tokenstate.podLabels" -}}
{{ include "tokenstate.selector" . }}
app.kubernetes.io/part-of: tokenstate
{{- with .root.Values.pod.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "tokenstate.labels" -}}
{{ include "tokenstate.selector" . }}
app.kubernetes.io/part-of: tokenstate
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "tokenstate.authapiURL" -}}
{{- $scheme := ternary "https" "http" (hasKey .Values.authapi.secrets "AUTHAPI_TLS_CERT") -}}
{{- printf "%s://%s-authapi.%s.svc:8080" $scheme (include "tokenstate.fullname" .) .Release.Namespace -}}
{{- end -}}

{{- define "tokenstate.metadata" -}}
name: {{ include "tokenstate.fullname" .root }}-{{ .component }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "tokenstate.labels" . | nindent 2 }}
{{- end -}}

{{/*
The Secrets of a component, as JSON of SETTING: {name, key}. Given: component, values, names (what comes from
existingSecret).
*/}}
{{- define "tokenstate.secrets" -}}
{{- $refs := dict -}}
{{- range .names -}}
{{- $_ := set $refs . (dict "name" $.values.existingSecret "key" .) -}}
{{- end -}}
{{- range $setting, $ref := .values.secrets -}}
{{- $_ := set $refs $setting $ref -}}
{{- end -}}
{{- range $setting, $ref := $refs -}}
{{- if not $ref.name -}}
{{- fail (printf "%s: %s comes from a Secret: set %s.existingSecret to the name of one that has this key"
      $.component $setting $.component) -}}
{{- end -}}
{{- end -}}
{{- toJson $refs -}}
{{- end -}}

{{/*
A Secret is mounted and never put into the environment, which is shown by more than one would think. What is a path to
the program bears the setting's own name, and a secret the name and _FILE; realms' secrets are named in the file of
realms. Given: that JSON.
*/}}
{{- define "tokenstate.secretEnv" -}}
{{- range $setting, $_ := . }}
{{- if not (hasPrefix "realm-" $setting) }}
{{- $isPath := regexMatch "(_FILE|_TLS_(CERT|KEY|CLIENT_CA)|^NATS_(CREDS|CA|CERT|KEY)|^PGSSLROOTCERT)$" $setting }}
- name: {{ ternary $setting (printf "%s_FILE" $setting) $isPath }}
  value: /etc/tokenstate/secrets/{{ $setting }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "tokenstate.secretVolume" -}}
- name: secrets
  projected:
    defaultMode: 0400
    sources:
      {{- range $setting, $ref := . }}
      - secret:
          name: {{ $ref.name }}
          items: [{key: {{ $ref.key | quote }}, path: {{ $setting | quote }}}]
      {{- end }}
{{- end -}}

{{/* The file of --config. Given: config of the values, and set, what the chart decides. Empty values are left out. */}}
{{- define "tokenstate.settings" -}}
{{- range $name, $value := merge (dict) .set .config }}
{{- if ne (toString $value) "" }}
{{ lower $name }}: {{ kindIs "float64" $value | ternary (toString (int64 $value)) (toString $value) | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Nine tenths of the limit, so that the collector works before the kernel kills. Given: resources. */}}
{{- define "tokenstate.memoryLimit" -}}
{{- $n := regexFind "^[0-9]+" .limits.memory | int64 -}}
{{- $mi := hasSuffix "Gi" .limits.memory | ternary (mul $n 1024) $n -}}
{{- div (mul $mi 9) 10 -}}MiB
{{- end -}}

{{/*
What all pods have in common. enableServiceLinks: Kubernetes would otherwise put AUTHAPI_PORT into the environment for a
Service called authapi, and the programs refuse names of theirs that they do not know.
*/}}
{{- define "tokenstate.podSpec" -}}
{{- with .Values.serviceAccountName }}
serviceAccountName: {{ . }}
{{- end }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pod.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pod.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pod.affinity }}
affinity: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.pod.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- define "tokenstate.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{/*
The template of a pod that runs a program. Given: root, component, values, image, ports (name: number), secrets
(JSON), settings (text), config (the name of the setting for that file), args, and of authapi realms (text).
*/}}
{{- define "tokenstate.podTemplate" -}}
{{- $root := .root -}}
metadata:
  labels:
    {{- include "tokenstate.podLabels" . | nindent 4 }}
  annotations:
    checksum/settings: {{ sha256sum (print .settings (get . "realms")) }}
    {{- with $root.Values.pod.annotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- include "tokenstate.podSpec" $root | trim | nindent 2 }}
  terminationGracePeriodSeconds: 20
  topologySpreadConstraints:
    {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "tokenstate.selector" $ | nindent 10 }}
    {{- end }}
  containers:
    - name: {{ .component }}
      image: {{ required (printf "%s: set the image" .component) .image | quote }}
      imagePullPolicy: {{ $root.Values.imagePullPolicy }}
      args: {{ toJson .args }}
      env:
        - {name: {{ .config }}, value: /etc/tokenstate/settings/settings.yaml}
        - {name: GOMEMLIMIT, value: {{ include "tokenstate.memoryLimit" .values.resources }}}
        {{- include "tokenstate.secretEnv" .secrets | trim | nindent 8 }}
      ports:
        {{- range $name, $port := .ports }}
        - {name: {{ $name }}, containerPort: {{ $port }}}
        {{- end }}
      {{- include "tokenstate.containerSecurity" . | nindent 6 }}
      resources: {{ toYaml .values.resources | nindent 8 }}
      # /livez answers from the start, whatever is missing: a restart makes nothing come back that is away.
      startupProbe:
        httpGet: {path: /livez, port: admin}
        periodSeconds: 2
        failureThreshold: 30
      livenessProbe:
        httpGet: {path: /livez, port: admin}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: {path: /readyz, port: admin}
        periodSeconds: 5
        timeoutSeconds: 5
        failureThreshold: 2
      {{- if eq .component "authapi" }}
      # Callers learn a little later than the pod that it goes; until then it goes on answering.
      lifecycle:
        preStop: {sleep: {seconds: 5}}
      {{- end }}
      volumeMounts:
        - {name: secrets, mountPath: /etc/tokenstate/secrets, readOnly: true}
        - {name: settings, mountPath: /etc/tokenstate/settings, readOnly: true}
        {{- if eq .component "authapi" }}
        - {name: snapshot, mountPath: /var/lib/tokenstate}
        {{- end }}
  volumes:
    {{- include "tokenstate.secretVolume" .secrets | nindent 4 }}
    - name: settings
      configMap:
        name: {{ include "tokenstate.fullname" $root }}-{{ .component }}
    {{- if and (eq .component "authapi") (not .values.snapshot.persistence.enabled) }}
    - {name: snapshot, emptyDir: {}}
    {{- end }}
{{- end -}}

{{- define "tokenstate.settingsMap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "tokenstate.metadata" . | nindent 2 }}
data:
  settings.yaml: |
    {{- .settings | trim | nindent 4 }}
  {{- with get . "realms" }}
  realms.yaml: |
    {{- . | trim | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "tokenstate.disruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "tokenstate.metadata" . | nindent 2 }}
spec:
  maxUnavailable: 1
  # A pod that is not ready anyway must not keep a node from being drained.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "tokenstate.selector" . | nindent 6 }}
{{- end -}}
