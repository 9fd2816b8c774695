{{/*
Names and labels. Where a parameter is named, the template gets a dictionary: root (the chart's own context), program,
settings (the program's values), spec (its entry in files/programs.yaml).
*/}}

{{- define "hookline.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 45 | trimSuffix "-" }}
{{- end }}

{{/* Leaves room for the longest "-<program>" in 63 characters. */}}
{{- define "hookline.fullname" -}}
{{- $name := include "hookline.name" . }}
{{- $default := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) }}
{{- .Values.fullnameOverride | default $default | trunc 45 | trimSuffix "-" }}
{{- end }}

{{- define "hookline.image" -}}
{{- $image := .Values.image }}
{{- if $image.digest }}{{ $image.repository }}@{{ $image.digest }}
{{- else }}{{ $image.repository }}:{{ $image.tag | default .Chart.AppVersion }}
{{- end }}
{{- end }}

{{/* @param root, program. */}}
{{- define "hookline.selector" -}}
app.kubernetes.io/name: {{ include "hookline.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .program }}
{{- end }}

{{/* @param root, program. */}}
{{- define "hookline.labels" -}}
{{ include "hookline.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}
