USE c_restricted;
UPDATE users SET internal = 5 WHERE id = 1;
UPDATE users SET mail = 'x@y.z' WHERE id = 2;
INSERT INTO log_a VALUES (3,'another long one'), (4,'a😀b😀');
INSERT INTO other VALUES (2);
DELETE FROM users WHERE id = 3;
