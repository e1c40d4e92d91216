# Only the places are made here. A person puts the values in, so that none is ever in the code, in a plan or in the state.
resource "aws_secretsmanager_secret" "app" {
  #checkov:skip=CKV2_AWS_57:Rotating needs the service that issued the secret to take part; a person does it
  for_each = var.secret_names

  name                    = "${var.name}/${each.key}"
  description             = "Environment variable ${each.key} of ${var.name}"
  kms_key_id              = aws_kms_key.this.arn
  recovery_window_in_days = 7
}
