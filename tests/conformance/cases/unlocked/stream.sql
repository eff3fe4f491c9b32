USE c_unlocked;
INSERT INTO k VALUES (4);
