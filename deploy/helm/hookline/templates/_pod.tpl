{{/*
Metadata and spec of a program's pod.
@param root, program, settings, spec, container (more fields of the container), pod (more fields of the pod's spec).
*/}}
{{- define "hookline.pod" -}}
{{- $values := .root.Values }}
metadata:
  labels:
    {{- include "hookline.labels" . | nindent 4 }}
    {{- with merge (dict) (.settings.podLabels | default dict) $values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with merge (dict) (.settings.podAnnotations | default dict) $values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- $base := include "hookline.podSpec" . | fromYaml }}
  {{- $own := .settings.podSpec | default dict }}
  {{- mergeOverwrite $base (deepCopy .pod) (deepCopy $values.podSpec) (deepCopy $own) | toYaml | nindent 2 }}
{{- end }}

{{- define "hookline.podSpec" -}}
{{- $values := .root.Values }}
{{- $files := include "hookline.files" . | fromJson }}
# Hookline does not call Kubernetes.
automountServiceAccountToken: false
# Their variables, such as KAFKA_PORT, would look like settings.
enableServiceLinks: false
containers:
  - name: {{ .program }}
    image: {{ include "hookline.image" .root | quote }}
    imagePullPolicy: {{ $values.image.pullPolicy }}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities:
        drop: [ALL]
    {{- with include "hookline.env" . | trim }}
    env:
      {{- . | nindent 6 }}
    {{- end }}
    resources: {{ .settings.resources | default dict | toJson }}
    volumeMounts:
      - name: tmp
        mountPath: /tmp
      {{- range $secret, $_ := $files }}
      - name: {{ include "hookline.secretVolume" $secret }}
        mountPath: {{ include "hookline.secretFolder" $secret }}
        readOnly: true
      {{- end }}
      {{- range concat ($values.extraVolumeMounts | default list) (.settings.extraVolumeMounts | default list) }}
      - {{ . | toJson }}
      {{- end }}
    {{- toYaml .container | nindent 4 }}
volumes:
  - name: tmp
    emptyDir: {}
  {{- range $secret, $keys := $files }}
  - name: {{ include "hookline.secretVolume" $secret }}
    secret:
      secretName: {{ $secret }}
      # For the pod's group only.
      defaultMode: 0440
      items:
        {{- range $keys }}
        - { key: {{ . | quote }}, path: {{ . | quote }} }
        {{- end }}
  {{- end }}
  {{- range concat ($values.extraVolumes | default list) (.settings.extraVolumes | default list) }}
  - {{ . | toJson }}
  {{- end }}
{{- end }}
