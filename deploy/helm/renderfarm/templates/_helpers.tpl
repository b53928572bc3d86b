{{- define "renderfarm.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "renderfarm.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "renderfarm.labels" -}}
{{ include "renderfarm.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "renderfarm.secret" -}}
{{- .Values.secrets.existingSecret | default (include "renderfarm.fullname" .) -}}
{{- end -}}

{{- define "renderfarm.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "renderfarm.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- define "renderfarm.image" -}}
{{ .image.repository }}:{{ .image.tag | default (printf "%s%s" .root.Chart.AppVersion (.suffix | default "")) }}
{{- end -}}

{{- /* Environment variables whose values are secret; .keys are the secret's keys that are wanted. */ -}}
{{- define "renderfarm.secretEnv" -}}
{{- $variables := dict
  "database-connection-string" "RENDERFARM__Database__ConnectionString"
  "bus-uri" "RENDERFARM__Bus__Uri"
  "s3-access-key" "RENDERFARM__Artifacts__S3__AccessKey"
  "s3-secret-key" "RENDERFARM__Artifacts__S3__SecretKey"
  "access-key" "RENDERFARM__Access__Key" -}}
{{- range .keys }}
- name: {{ get $variables . }}
  valueFrom:
    secretKeyRef:
      name: {{ include "renderfarm.secret" $.root }}
      key: {{ . }}
{{- end }}
{{- end -}}

{{- define "renderfarm.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1654
runAsGroup: 1654
fsGroup: 1654
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "renderfarm.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}
