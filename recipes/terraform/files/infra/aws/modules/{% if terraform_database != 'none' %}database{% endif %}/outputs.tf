output "identifier" {
  description = "Name of the instance."
  value       = aws_db_instance.this.identifier
}

output "host" {
  description = "Host name of the database, inside the VPC."
  value       = aws_db_instance.this.address
}

output "port" {
  description = "Port of the database."
  value       = aws_db_instance.this.port
}

output "database_name" {
  description = "Name of the database on the instance."
  value       = aws_db_instance.this.db_name
}

output "user" {
  description = "User that the app connects as."
  value       = aws_db_instance.this.username
}
