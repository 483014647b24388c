{{- define "strictgate.selector" -}}
app.kubernetes.io/name: strictgate
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "strictgate.labels" -}}
{{ include "strictgate.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}
