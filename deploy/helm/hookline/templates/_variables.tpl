{{/*
Where a variable's value comes from, as JSON: {"value": ...}, {"secret": {"name", "key"}}, or {}.
The program's own values come before those of all programs.
@param root, program, settings, variable.
*/}}
{{- define "hookline.lookup" -}}
{{- $found := dict }}
{{- $variable := .variable }}
{{- $program := .program }}
{{- range list .settings .root.Values }}
  {{- if not $found }}
    {{- $secret := index (.secrets | default dict) $variable }}
    {{- $value := index (.config | default dict) $variable }}
    {{- if and $secret (not (kindIs "invalid" $value)) }}
      {{- fail (printf "%s is both in config and in secrets" $variable) }}
    {{- else if $secret }}
      {{- $_ := set $found "secret" (dict "name" ($secret.name | replace "{program}" $program) "key" $secret.key) }}
    {{- else if kindIs "string" $value }}
      {{- $_ := set $found "value" ($value | replace "{program}" $program) }}
    {{- else if kindIs "bool" $value }}
      {{- $_ := set $found "value" ($value | toString) }}
    {{- else if not (kindIs "invalid" $value) }}
      {{- /* Numbers arrive as floats, which would be written as 1e+06. */}}
      {{- $_ := set $found "value" ($value | int64 | toString) }}
    {{- end }}
  {{- end }}
{{- end }}
{{- $found | toJson }}
{{- end }}

{{/* The program's variables, and extraEnv, as a list of Kubernetes' EnvVar. */}}
{{- define "hookline.env" -}}
{{- $context := . }}
{{- $given := dict }}
{{- range $variable := .spec.variables }}
{{- $found := include "hookline.lookup" (merge (dict "variable" $variable) $context) | fromJson }}
{{- if $found }}{{ $_ := set $given $variable true }}{{ end }}
{{- if hasKey $found "value" }}
- name: {{ $variable }}
  value: {{ $found.value | quote }}
{{- else if and $found.secret (hasSuffix "_FILE" $variable) }}
- name: {{ $variable }}
  value: {{ printf "%s/%s" (include "hookline.secretFolder" $found.secret.name) $found.secret.key | quote }}
{{- else if $found.secret }}
- name: {{ $variable }}
  valueFrom:
    secretKeyRef: {{ $found.secret | toJson }}
{{- end }}
{{- end }}
{{- range $variable := .spec.required }}
  {{- if not (or (hasKey $given $variable) (hasKey $given (printf "%s_FILE" $variable))) }}
    {{- fail (printf "%s needs %s: set it in config or in secrets" $context.program $variable) }}
  {{- end }}
{{- end }}
{{- range concat (.root.Values.extraEnv | default list) (.settings.extraEnv | default list) }}
- {{ . | toJson }}
{{- end }}
{{- end }}

{{/* Secret -> its keys that the program reads as files, as JSON. */}}
{{- define "hookline.files" -}}
{{- $context := . }}
{{- $files := dict }}
{{- range $variable := .spec.variables }}
  {{- if hasSuffix "_FILE" $variable }}
    {{- with (include "hookline.lookup" (merge (dict "variable" $variable) $context) | fromJson).secret }}
      {{- $_ := set $files .name (append (index $files .name | default list) .key | uniq) }}
    {{- end }}
  {{- end }}
{{- end }}
{{- $files | toJson }}
{{- end }}

{{/* Folder at which a Secret's keys are files. @param the Secret's name. */}}
{{- define "hookline.secretFolder" -}}
/etc/hookline/{{ . }}
{{- end }}

{{- define "hookline.secretVolume" -}}
secret-{{ sha256sum . | trunc 10 }}
{{- end }}

{{/* Port that a service listens on. */}}
{{- define "hookline.port" -}}
{{- $found := include "hookline.lookup" (merge (dict "variable" "HOOKLINE_HTTP_PORT") .) | fromJson }}
{{- $found.value | default .spec.port | int64 }}
{{- end }}

{{/* Time for the shutdown in seconds, rounded up. */}}
{{- define "hookline.shutdownSeconds" -}}
{{- $found := include "hookline.lookup" (merge (dict "variable" "HOOKLINE_SHUTDOWN_TIMEOUT_MS") .) | fromJson }}
{{- $milliseconds := $found.value | default .spec.shutdownTimeoutMs | int64 }}
{{- div (add $milliseconds 999) 1000 }}
{{- end }}
