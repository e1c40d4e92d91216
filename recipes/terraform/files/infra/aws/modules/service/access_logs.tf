# Access logs of the load balancer: one object every five minutes, kept for 90 days.

locals {
  access_log_bucket = "${var.name}-access-logs-${data.aws_caller_identity.current.account_id}"
}

# It is the bucket that access logs go to.
#trivy:ignore:AVD-AWS-0089
resource "aws_s3_bucket" "access_logs" {
  #checkov:skip=CKV_AWS_18:This is the bucket that access logs go to
  #checkov:skip=CKV_AWS_144:Access logs need no copy in a second region
  #checkov:skip=CKV_AWS_145:Load balancers can only write with the keys that S3 manages
  #checkov:skip=CKV2_AWS_62:Nobody waits for an access log to arrive
  bucket        = local.access_log_bucket
  force_destroy = !var.deletion_protection
}

resource "aws_s3_bucket_public_access_block" "access_logs" {
  bucket                  = aws_s3_bucket.access_logs.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "access_logs" {
  bucket = aws_s3_bucket.access_logs.id

  versioning_configuration {
    status = "Enabled"
  }
}

# Load balancers can only write with the keys that S3 manages.
#trivy:ignore:AVD-AWS-0132
resource "aws_s3_bucket_server_side_encryption_configuration" "access_logs" {
  bucket = aws_s3_bucket.access_logs.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "access_logs" {
  bucket = aws_s3_bucket.access_logs.id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {}

    expiration {
      days = 90
    }

    noncurrent_version_expiration {
      noncurrent_days = 7
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }
}

resource "aws_s3_bucket_policy" "access_logs" {
  bucket = aws_s3_bucket.access_logs.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "WriteLogs"
        Effect    = "Allow"
        Action    = "s3:PutObject"
        Resource  = "arn:aws:s3:::${local.access_log_bucket}/AWSLogs/${data.aws_caller_identity.current.account_id}/*"
        Principal = { Service = "logdelivery.elasticloadbalancing.amazonaws.com" }
      },
      {
        Sid       = "OnlyTls"
        Effect    = "Deny"
        Action    = "s3:*"
        Resource  = ["arn:aws:s3:::${local.access_log_bucket}", "arn:aws:s3:::${local.access_log_bucket}/*"]
        Principal = "*"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.access_logs]
}
