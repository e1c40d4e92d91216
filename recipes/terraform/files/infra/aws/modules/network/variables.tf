variable "name" {
  description = "Prefix of every name."
  type        = string
}

variable "region" {
  description = "AWS region of the VPC."
  type        = string
}

variable "cidr_block" {
  description = "Addresses of the VPC; a /16 leaves room for 16 subnets."
  type        = string
}

variable "zone_count" {
  description = "Availability zones to spread over. The load balancer and the database need two."
  type        = number

  validation {
    condition     = contains([2, 3], var.zone_count)
    error_message = "zone_count must be 2 or 3."
  }
}

variable "nat_per_zone" {
  description = "One NAT gateway in each zone; false shares one, which is cheaper and fails with its zone."
  type        = bool
}

variable "kms_key_arn" {
  description = "Key that encrypts the flow logs."
  type        = string
}

variable "log_retention_days" {
  description = "How long flow logs are kept."
  type        = number
}
