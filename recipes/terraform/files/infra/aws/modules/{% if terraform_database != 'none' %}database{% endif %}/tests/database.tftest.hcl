# Run with `terraform test` in this folder; no account is needed and nothing is made.

mock_provider "aws" {}

variables {
  name = "shop-staging"

  network = {
    vpc_id             = "vpc-1"
    private_subnet_ids = ["subnet-3", "subnet-4"]
  }

  client_security_group_id = "sg-1"
  kms_key_arn              = "arn:aws:kms:eu-central-1:123456789012:key/1"
  alarm_topic_arn          = "arn:aws:sns:eu-central-1:123456789012:shop-staging-alarms"

  instance_class        = "db.t4g.medium"
  storage_gib           = 20
  max_connections       = 200
  multi_az              = true
  backup_retention_days = 14
  deletion_protection   = true
}

run "the_data_can_be_restored" {
  command = plan

  assert {
    condition     = aws_db_instance.this.backup_retention_period == 14 && !aws_db_instance.this.delete_automated_backups
    error_message = "Backups are missing, or vanish together with the database."
  }

  assert {
    condition     = aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot
    error_message = "The database can be deleted by mistake."
  }
}

run "the_data_is_private" {
  command = plan

  assert {
    condition     = aws_db_instance.this.storage_encrypted && !aws_db_instance.this.publicly_accessible
    error_message = "The data is readable on the disk or from the internet."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.app.referenced_security_group_id == "sg-1"
    error_message = "Others than the tasks can connect."
  }
}

run "alarms_ring_before_it_is_too_late" {
  command = plan

  assert {
    condition     = aws_cloudwatch_metric_alarm.connections.threshold == 160
    error_message = "The alarm is not at 80 % of the connections."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.storage.threshold == 2 * pow(1024, 3)
    error_message = "The alarm is not at a tenth of the disk."
  }
}

run "switching_backups_off_is_refused" {
  command = plan

  variables {
    backup_retention_days = 0
  }

  expect_failures = [var.backup_retention_days]
}
