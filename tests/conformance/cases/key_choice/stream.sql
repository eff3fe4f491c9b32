USE c_key_choice;
UPDATE chosen SET c = 4 WHERE a = 1;
UPDATE chosen SET b = 9 WHERE a = 1;
UPDATE none SET w = 5 WHERE v = 1;
UPDATE pair SET x = 2;
UPDATE uniq SET x = 6, y = 7 WHERE z = 4;
DELETE FROM wholly;
INSERT INTO zz_empty VALUES (1);
