-- The least that capturing needs.
CREATE USER penstock@'%' IDENTIFIED BY 'penstock';
GRANT SELECT, RELOAD, SHOW DATABASES, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO penstock@'%';
