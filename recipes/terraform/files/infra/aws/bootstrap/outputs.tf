output "backend" {
  description = "Content of the file that the environments' `terraform init` reads."
  value       = <<-EOT
    bucket = "${aws_s3_bucket.state.id}"
    region = "${var.region}"
  EOT
}

output "repository_url" {
  description = "Where images are pushed to."
  value       = aws_ecr_repository.app.repository_url
}
