USE c_no_data;
INSERT INTO a VALUES (2,'b');
INSERT INTO b VALUES (1,'y');
